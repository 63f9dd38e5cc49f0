"use strict";
// Commands call the server that the page came from; the search hides what has none of its words.
const articles = [...document.querySelectorAll("article")];
const texts = articles.map((article) => article.textContent.toLowerCase());
const links = new Map([...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]));
for (const block of document.querySelectorAll("pre")) {
  block.textContent = block.textContent.replace("http://localhost:8080", location.origin);
}
document.querySelector("input").addEventListener("input", (event) => {
  const words = event.target.value.toLowerCase().split(/\s+/).filter(Boolean);
  articles.forEach((article, index) => {
    const hidden = !words.every((word) => texts[index].includes(word));
    article.hidden = hidden;
    const link = links.get(article.id);
    if (link) link.hidden = hidden;
  });
});
