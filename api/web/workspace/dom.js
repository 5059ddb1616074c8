// Makes elements. Text goes in as text nodes only, so whatever a prompt contains is shown and never run.

import { icon } from "./icons.js";

// Return an element: `el("p.quiet", "text")`, `el("a.link-button", { href }, icon("copy"), "Copy")`. The name carries the classes;
// attributes come first (`value` is the property), then children: elements and texts; what is null or false is passed over.
export function el(name, ...rest) {
	const [tag, ...classes] = name.split(".");
	const element = document.createElement(tag);
	if (classes.length) element.className = classes.join(" ");
	const attributes = rest[0]?.constructor === Object ? rest.shift() : {};
	for (const [key, value] of Object.entries(attributes)) {
		if (key === "value") element.value = value;
		else setAttribute(element, key, value);
	}
	fill(element, ...rest);
	return element;
}

// Set a text where it differs: an unchanged node costs the browser nothing and a screen reader no word.
export function setText(element, text) {
	const wanted = text ?? "";
	if (element.textContent !== wanted) element.textContent = wanted;
}

// Set an attribute where it differs; null removes it. False removes it too, and true is its presence, but for `aria-…`, which says so in words.
export function setAttribute(element, name, value) {
	const wanted = typeof value !== "boolean" || name.startsWith("aria-") ? value : value ? "" : null;
	if ((wanted ?? null) === null) element.removeAttribute(name);
	else if (element.getAttribute(name) !== String(wanted)) element.setAttribute(name, wanted);
}

export function fill(element, ...children) {
	element.replaceChildren(...children.flat().filter((child) => child || child === 0));
}

export function byId(id) {
	return document.getElementById(id);
}

// Return an http(s) address as it may stand in a link or picture, else null: never `javascript:` or `data:`.
export function safeAddress(text) {
	try {
		const url = new URL(text, location.href);
		return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
	} catch {
		return null;
	}
}

export function on(target, event, listener) {
	target.addEventListener(event, listener);
}

// Return a button that does `act`: `button("is-small", act, { title }, "Retry")`; the look `.icon-button` stands alone.
export function button(look, act, ...rest) {
	const element = el(look.startsWith(".") ? `button${look}` : `button.button${look && `.${look}`}`, ...rest);
	element.type = "button";
	on(element, "click", act);
	return element;
}

// Return a button that is an icon alone; `label` is what it is called, `title` what stands on hover.
export function iconButton(shape, label, act, title = label) {
	return button(".icon-button", act, { "aria-label": label, title }, icon(shape));
}

// Return a picture from elsewhere; `broken` is called where it cannot be shown.
export function pictureOf(src, alt, broken, more = {}) {
	const picture = el("img", { alt, decoding: "async", referrerpolicy: "no-referrer", ...more, src });
	on(picture, "error", broken);
	return picture;
}

export function callout(tone, sign, ...parts) {
	return el("div.callout", { "data-tone": tone }, sign, el("div", ...parts));
}
