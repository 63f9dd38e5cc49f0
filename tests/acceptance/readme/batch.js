// Worker updates job progress
async function processDataExport(jobId, apiKey) {
  // Mark job as started
  await updateJobStatus(jobId, 'started', { apiKey });
  
  // Process in batches with progress updates
  for (let i = 0; i <= 100; i += 25) {
    await processBatch(i);
    
    // Update progress
    await updateJobStatus(jobId, 'progress', { 
      progress: i,
      apiKey 
    });
  }
  
  // Mark as completed with result
  await updateJobStatus(jobId, 'completed', {
    result: {
      recordsProcessed: 10000,
      fileUrl: 's3://bucket/export.csv'
    },
    apiKey
  });
}
