// Makes elements. Text goes in as text nodes only, so whatever a prompt contains is shown and never run.

/** Return an element: `class`, `text`, `on` (listeners by event), properties for functions and booleans, else attributes. */
export function el(name, attributes = {}, ...children) {
	const element = document.createElement(name);
	for (const [key, value] of Object.entries(attributes)) {
		if (value === null || value === undefined || value === false) continue;
		if (key === "class") element.className = value;
		else if (key === "text") element.textContent = value;
		else if (key === "value") element.value = value;
		else if (key === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
		else element.setAttribute(key, value === true ? "" : value);
	}
	element.append(...children.filter((child) => child !== null && child !== undefined));
	return element;
}

/** Set a text where it differs: an unchanged node costs the browser nothing and a screen reader no word. */
export function setText(element, text) {
	const wanted = text ?? "";
	if (element.textContent !== wanted) element.textContent = wanted;
}

/** Set an attribute where it differs; null removes it. */
export function setAttribute(element, name, value) {
	if (value === null || value === undefined || value === false) element.removeAttribute(name);
	else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

/** Replace all children. */
export function fill(element, ...children) {
	element.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined));
}

/** Return the element of the page with this id. */
export function byId(id) {
	return document.getElementById(id);
}

/** Return an http(s) address as it may stand in a link or picture, else null: never `javascript:` or `data:`. */
export function safeAddress(text) {
	try {
		const url = new URL(text, location.href);
		return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
	} catch {
		return null;
	}
}

/** Return a button that does `act` when it is pressed. */
export function button(attributes, act, ...children) {
	return el("button", { type: "button", ...attributes, on: { click: act } }, ...children);
}
