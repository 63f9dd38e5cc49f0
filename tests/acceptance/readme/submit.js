const response = await fetch('http://localhost:3003/api/jobs', {
  method: 'POST',
  headers: {
    'Content-Type': 'application/json',
    'x-api-key': 'your-api-key'
  },
  body: JSON.stringify({
    queue: 'email',
    data: {
      to: 'user@example.com',
      subject: 'Order Confirmation',
      body: 'Your order has been confirmed!'
    },
    metadata: {
      type: 'transactional',
      priority: 'high',
      customerId: 'cust-123',
      orderId: 'order-456'
    },
    webhooks: {
      'completed': 'https://myapp.com/webhooks/email-sent',
      'failed': 'https://myapp.com/webhooks/email-failed'
    }
  })
});

const { jobId } = await response.json();
