// What the worker needs of axios, by Node's fetch: answers other than 2xx are errors in axios's words.
async function call(method, url, body, { headers = {} } = {}) {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const asked = { accept: 'application/json, text/plain, */*', 'content-type': 'application/json', ...headers };
  const response = await fetch(url, { method, headers: asked, ...sent });
  if (!response.ok) throw new Error(`Request failed with status code ${response.status}`);
  return { status: response.status, data: await response.json() };
}

module.exports = {
  get: (url, options) => call('GET', url, undefined, options),
  put: (url, body, options) => call('PUT', url, body, options),
};
