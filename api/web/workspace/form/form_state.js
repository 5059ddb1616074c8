// The form's values. They survive a reload; if the stored ones are damaged, the form is empty.

import { NAMED_OWNER } from "../core/access.js";
import { on } from "../core/dom.js";
import { DRAFTS } from "../core/drafts.js";
import { Emitter } from "../core/emitter.js";
import { vocabulary } from "../core/vocabulary.js";

/** @import { FormValues } from "../../types/page.js" */

/** Each owner for whom an admin acts has a form of its own. */
const STORAGE_KEY = NAMED_OWNER === null ? DRAFTS.form : `${DRAFTS.form}@${NAMED_OWNER}`;

/** @type {FormValues} */
const EMPTY = {
	model: "bytedance/seedream-v4",
	alsoOn: [],
	allowUnknown: "",
	fields: {},
	targetUrl: "",
	refUrls: [],
	prompt: "",
	instructions: "",
	writer: "me",
	operation: "",
	ask: {},
	onPromptFailure: "fail",
	priority: vocabulary.limits.priority.usual,
	runs: 1,
	rawInput: "",
	deadlineSeconds: "",
	maxPriceUsd: "",
	metadata: "",
	promptJob: null,
	generate: null,
	parent: null,
	setAside: null,
};

/** @typedef {{ names: Set<string>, by: string | null }} Change The names of the changed values, and which part of the page changed them. */

/** @extends {Emitter<{ change: Change }>} */
export class FormState extends Emitter {
	/** @type {FormValues} */
	values = { ...EMPTY, ...stored() };
	/** @type {ReturnType<typeof setTimeout> | undefined} */
	timer;
	/** @type {string | null} The values as they were filled in last, not by typing. */
	replaced = null;

	constructor() {
		super();
		on(window, "pagehide", () => this.save());
	}

	/**
	 * @template {keyof FormValues} Name
	 * @param {Name} name
	 */
	get(name) {
		return this.values[name];
	}

	/**
	 * Change values.
	 *
	 * @param {Partial<FormValues>} changes
	 * @param {string | null} by The part of the page that changes them, so that it can ignore its own change.
	 */
	set(changes, by = null) {
		const names = /** @type {(keyof FormValues)[]} */ (Object.keys(changes)).filter((name) => this.values[name] !== changes[name]);
		if (!names.length) return;
		Object.assign(this.values, changes);
		clearTimeout(this.timer);
		this.timer = setTimeout(() => this.save(), 150);
		this.emit("change", { names: new Set(names), by });
	}

	/** @param {Partial<FormValues>} values The values to start from. How Grok is asked stays: it is a habit. */
	clear(values = { model: this.values.model }) {
		this.set({ ...EMPTY, fields: {}, refUrls: [], alsoOn: [], ask: this.values.ask, setAside: this.values.setAside, ...values });
	}

	/**
	 * Replace the values, and set those aside that somebody has entered: not what an earlier replacement left untouched.
	 *
	 * @param {() => void} change
	 */
	setAside(change) {
		const { setAside, ...before } = this.values;
		const entered = JSON.stringify(before) !== this.replaced && hasContent(before);
		change();
		const { setAside: _, ...after } = this.values;
		this.replaced = JSON.stringify(after);
		if (entered) this.set({ setAside: structuredClone(before) });
	}

	/** Return to the values that were set aside. */
	bringBack() {
		const { setAside } = this.values;
		if (setAside) this.set({ ...EMPTY, ...sound(setAside), setAside: null });
	}

	save() {
		if (DRAFTS.forgotten) return;
		try {
			localStorage.setItem(STORAGE_KEY, JSON.stringify(this.values));
		} catch {
			// If storage is full or forbidden, the form does not survive a reload; nothing else is lost.
		}
	}
}

/** @returns {Partial<FormValues>} */
function stored() {
	try {
		return sound(JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "{}"));
	} catch {
		return {};
	}
}

/** @param {any} value */
function isParent(value) {
	return value === null || (typeof value.jobId === "string" && typeof value.relation === "string");
}

/**
 * Return what can be shown of stored values.
 *
 * @param {object} found
 * @returns {Partial<FormValues>}
 */
function sound(found) {
	return Object.fromEntries(Object.entries(found).filter(([name, value]) => Object.hasOwn(EMPTY, name) && fits(value, EMPTY[/** @type {keyof FormValues} */ (name)]) && (name !== "parent" || isParent(value))));
}

/** @param {Omit<FormValues, "setAside">} values */
function hasContent({ prompt, instructions, targetUrl, refUrls, fields, rawInput }) {
	return [prompt, instructions, targetUrl, ...refUrls, ...Object.values(fields), rawInput].some((text) => text.trim());
}

/**
 * @param {unknown} value
 * @param {unknown} usual
 */
function fits(value, usual) {
	if (usual === null) return value === null || typeof value === "object";
	return typeof value === typeof usual && Array.isArray(value) === Array.isArray(usual) && Object.values(value ?? [0]).every((part) => typeof part === "string");
}
