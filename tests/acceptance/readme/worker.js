// Example worker implementation
const axios = require('axios');

const API_URL = 'http://localhost:3003/api/jobs';
const API_KEY = 'worker-api-key';

async function processJobs() {
  // Get pending jobs
  const response = await axios.get(`${API_URL}?queue=email&status=waiting`, {
    headers: { 'x-api-key': API_KEY }
  });
  
  for (const job of response.data.jobs) {
    try {
      // Update status to started
      await axios.put(`${API_URL}/${job.id}`, {
        status: 'started'
      }, {
        headers: { 'x-api-key': API_KEY }
      });
      
      // Process the job
      const result = await sendEmail(job.data);
      
      // Mark as completed
      await axios.put(`${API_URL}/${job.id}`, {
        status: 'completed',
        result: result
      }, {
        headers: { 'x-api-key': API_KEY }
      });
      
    } catch (error) {
      // Mark as failed
      await axios.put(`${API_URL}/${job.id}`, {
        status: 'failed',
        error: error.message
      }, {
        headers: { 'x-api-key': API_KEY }
      });
    }
  }
}

// Poll for jobs every 5 seconds
setInterval(processJobs, 5000);
