// Find all high-priority jobs for a customer
const response = await fetch(
  'http://localhost:3003/api/jobs?' + 
  'metadata.priority=high&' +
  'metadata.customerId=cust-123',
  {
    headers: {
      'x-api-key': 'your-api-key'
    }
  }
);

const { jobs } = await response.json();
