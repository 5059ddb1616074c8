// Creates elements. Text is inserted as text nodes only, so whatever a prompt contains is shown and never executed.

import { icon } from "./icons.js";

/** @import { Attributes, Child, Children, ElementOf, Tone } from "../../types/page.js" */

/**
 * Return an element: `el("p.quiet", "text")`, `el("a.link-button", { href }, icon("copy"), "Copy")`.
 *
 * @template {string} Name
 * @param {Name} name The tag and its classes.
 * @param {[Attributes, ...Children] | Children} rest Attributes first (`value` is the property), then children.
 * @returns {ElementOf<Name>}
 */
export function el(name, ...rest) {
	const [tag, ...classes] = name.split(".");
	const element = document.createElement(tag);
	if (classes.length) element.className = classes.join(" ");
	const [first] = rest;
	const attributes = isAttributes(first) ? first : {};
	for (const [key, value] of Object.entries(attributes)) {
		if (key === "value") Object.assign(element, { value });
		else setAttribute(element, key, value);
	}
	fill(element, .../** @type {Children} */ (isAttributes(first) ? rest.slice(1) : rest));
	return /** @type {ElementOf<Name>} */ (element);
}

/**
 * @param {unknown} value
 * @returns {value is Attributes}
 */
function isAttributes(value) {
	return value?.constructor === Object;
}

/**
 * Set a text if it differs: an unchanged node costs no rendering, and a screen reader stays silent.
 *
 * @param {Element} element
 * @param {string | null | undefined | false} text
 */
export function setText(element, text) {
	const wanted = text || "";
	if (element.textContent !== wanted) element.textContent = wanted;
}

/**
 * Set an attribute if it differs.
 *
 * @param {Element} element
 * @param {string} name
 * @param {Attributes[string]} value Null removes it. False also removes it and true sets it empty, except `aria-…`, which gets the word.
 */
export function setAttribute(element, name, value) {
	const wanted = typeof value !== "boolean" || name.startsWith("aria-") ? value : value ? "" : null;
	if (wanted === null || wanted === undefined) element.removeAttribute(name);
	else if (element.getAttribute(name) !== String(wanted)) element.setAttribute(name, String(wanted));
}

/**
 * @param {Element} element
 * @param {Children} children
 */
export function fill(element, ...children) {
	/** @type {Child[]} */
	const flat = children.flat();
	const shown = flat.filter((child) => child || child === 0);
	element.replaceChildren(...shown.map((child) => (child instanceof Node ? child : String(child))));
}

/**
 * Put elements into their parent in this order, and take out all others. Those that are in place are not touched: an element
 * that moves loses the focus, and a press on it.
 *
 * @param {Element} parent
 * @param {readonly Element[]} elements
 */
export function place(parent, elements) {
	const wanted = new Set(elements);
	for (const child of [...parent.childNodes]) if (!wanted.has(/** @type {Element} */ (child))) child.remove();
	let next = parent.firstElementChild;
	for (const element of elements) {
		if (element === next) next = next.nextElementSibling;
		else parent.insertBefore(element, next);
	}
}

/**
 * Return an element of `index.html` by id, checked to be of the expected kind.
 *
 * @template {HTMLElement} [Kind=HTMLElement]
 * @param {string} id
 * @param {new () => Kind} [kind]
 * @returns {Kind}
 */
export function byId(id, kind) {
	const found = document.getElementById(id);
	if (!(found instanceof (kind ?? HTMLElement))) throw new Error(`The page has no such element: #${id}.`);
	return /** @type {Kind} */ (found);
}

/**
 * Return a descendant that must exist.
 *
 * @template {HTMLElement} [Kind=HTMLElement]
 * @param {Element} element
 * @param {string} selector
 * @returns {Kind}
 */
export function part(element, selector) {
	const found = element.querySelector(selector);
	if (!found) throw new Error(`There is no such part: ${selector}.`);
	return /** @type {Kind} */ (found);
}

/**
 * @param {EventTarget | null} target
 * @param {string} selector
 * @returns {HTMLElement | null}
 */
export function closest(target, selector) {
	return target instanceof Element ? target.closest(selector) : null;
}

/**
 * Return an http(s) URL that is safe in a link or image, else null: never `javascript:` or `data:`.
 *
 * @param {string} text
 */
export function safeAddress(text) {
	try {
		const url = new URL(text, location.href);
		return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
	} catch {
		return null;
	}
}

/**
 * @template {keyof WindowEventMap} Name
 * @overload
 * @param {Window} target
 * @param {Name} event
 * @param {(event: WindowEventMap[Name]) => unknown} listener
 * @returns {void}
 */
/**
 * @template {keyof HTMLElementEventMap & keyof DocumentEventMap} Name
 * @overload
 * @param {Element | Document} target
 * @param {Name} event
 * @param {(event: HTMLElementEventMap[Name]) => unknown} listener
 * @returns {void}
 */
/**
 * @overload
 * @param {EventTarget} target
 * @param {string} event
 * @param {() => unknown} listener
 * @returns {void}
 */
/**
 * @param {EventTarget} target
 * @param {string} event
 * @param {(event: any) => unknown} listener
 */
export function on(target, event, listener) {
	target.addEventListener(event, listener);
}

/**
 * Return a button: `button("is-small", act, { title }, "Retry")`; a look with a dot, such as `.icon-button`, replaces the class `button`.
 *
 * @param {string} look
 * @param {(event: MouseEvent) => unknown} act
 * @param {[Attributes, ...Children] | Children} rest
 */
export function button(look, act, ...rest) {
	const classes = look.startsWith(".") ? look : `.button${look && `.${look}`}`;
	const element = /** @type {HTMLButtonElement} */ (el(`button${classes}`, ...rest));
	element.type = "button";
	on(element, "click", act);
	return element;
}

/**
 * Return a button that shows only an icon.
 *
 * @param {string} shape
 * @param {string} label Its accessible name.
 * @param {(event: MouseEvent) => unknown} act
 * @param {string} [title] Shown on hover.
 */
export function iconButton(shape, label, act, title = label) {
	return button(".icon-button", act, { "aria-label": label, title }, icon(shape));
}

/**
 * Show whether a control may be used: it keeps the focus, and says why not. Its act has to ask as well.
 *
 * @param {Element} control
 * @param {string | null} reason
 * @param {string | null} [title] Shown on hover if it may be used.
 */
export function showAllowed(control, reason, title = null) {
	setAttribute(control, "aria-disabled", reason && "true");
	setAttribute(control, "aria-description", reason);
	setAttribute(control, "title", reason ?? title);
}

/**
 * Return an image from another origin.
 *
 * @param {string} src
 * @param {string} alt
 * @param {(event: ErrorEvent) => unknown} broken Called if it cannot be loaded.
 * @param {Attributes} [more]
 */
export function pictureOf(src, alt, broken, more = {}) {
	const picture = el("img", { alt, decoding: "async", referrerpolicy: "no-referrer", ...more, src });
	on(picture, "error", broken);
	return picture;
}

/**
 * @param {Tone} tone
 * @param {Element} sign
 * @param {Children} parts
 */
export function callout(tone, sign, ...parts) {
	return el("div.callout", { "data-tone": tone }, sign, el("div", ...parts));
}
