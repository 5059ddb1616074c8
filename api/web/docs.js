// Starts Swagger UI. A file of its own: the page's policy allows no script inside the page.
const DOCUMENT = new URL("../openapi.json", document.currentScript.src).href;

window.addEventListener("DOMContentLoaded", () => {
  SwaggerUIBundle({
    url: DOCUMENT,
    dom_id: "#documentation",
    deepLinking: true,
    displayRequestDuration: true,
    persistAuthorization: false,
    tryItOutEnabled: true,
    validatorUrl: null,
  });
});
