// Starts Swagger UI. A separate file, because the page's Content-Security-Policy forbids inline scripts.
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
