// What stands in the form. It survives a reload; a damaged memory is an empty form.

import { on } from "../core/dom.js";
import { Emitter } from "../core/emitter.js";
import { ROOT } from "../core/published.js";
import { vocabulary } from "../core/vocabulary.js";

/** @import { FormValues } from "../../types/page.js" */

/** Each installation of a host has a form of its own. */
const MEMORY = `promptmill.form${ROOT}`;

/** @type {FormValues} */
const EMPTY = {
	model: "bytedance/seedream-v4",
	fields: {},
	targetUrl: "",
	refUrls: [],
	prompt: "",
	instructions: "",
	writer: "me",
	operation: "",
	onPromptFailure: "fail",
	priority: vocabulary.limits.priority.usual,
	rawInput: "",
	deadlineSeconds: "",
	metadata: "",
	promptJob: null,
	generate: null,
};

/** @typedef {{ names: Set<string>, by: string | null }} Change The names of what has changed, and which part of the page did it. */

/** @extends {Emitter<{ change: Change }>} */
export class FormState extends Emitter {
	/** @type {FormValues} */
	values = { ...EMPTY, ...remembered() };
	/** @type {ReturnType<typeof setTimeout> | undefined} */
	timer;

	constructor() {
		super();
		on(window, "pagehide", () => this.remember());
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
	 * @param {string | null} by The part of the page that did, so that it need not show its own change.
	 */
	set(changes, by = null) {
		const names = /** @type {(keyof FormValues)[]} */ (Object.keys(changes)).filter((name) => this.values[name] !== changes[name]);
		if (!names.length) return;
		Object.assign(this.values, changes);
		clearTimeout(this.timer);
		this.timer = setTimeout(() => this.remember(), 150);
		this.emit("change", { names: new Set(names), by });
	}

	/** @param {Partial<FormValues>} values What stands there afterwards. */
	clear(values = { model: this.values.model }) {
		this.set({ ...EMPTY, fields: {}, refUrls: [], ...values });
	}

	remember() {
		try {
			localStorage.setItem(MEMORY, JSON.stringify(this.values));
		} catch {
			// A full or forbidden memory costs the survival of a reload and nothing else.
		}
	}
}

/** @returns {Partial<FormValues>} */
function remembered() {
	try {
		const found = Object.entries(JSON.parse(localStorage.getItem(MEMORY) ?? "{}"));
		return Object.fromEntries(found.filter(([name, value]) => Object.hasOwn(EMPTY, name) && fits(value, EMPTY[/** @type {keyof FormValues} */ (name)])));
	} catch {
		return {};
	}
}

/**
 * @param {unknown} value
 * @param {unknown} usual
 */
function fits(value, usual) {
	if (usual === null) return value === null || typeof value === "object";
	return typeof value === typeof usual && Array.isArray(value) === Array.isArray(usual) && Object.values(value ?? [0]).every((part) => typeof part === "string");
}
