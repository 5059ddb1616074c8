// The form's values. They survive a reload; if the stored ones are damaged, the form is empty.

import { NAMED_OWNER } from "../core/access.js";
import { on } from "../core/dom.js";
import { Emitter } from "../core/emitter.js";
import { ROOT } from "../core/published.js";
import { vocabulary } from "../core/vocabulary.js";

/** @import { FormValues } from "../../types/page.js" */

/** Each installation on a host has a form of its own, and so has each owner for whom an admin acts. */
const OWN_KEY = `promptmill.form${ROOT}`;
const STORAGE_KEY = NAMED_OWNER === null ? OWN_KEY : `${OWN_KEY}@${NAMED_OWNER}`;

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

/** @typedef {{ names: Set<string>, by: string | null }} Change The names of the changed values, and which part of the page changed them. */

/** @extends {Emitter<{ change: Change }>} */
export class FormState extends Emitter {
	/** @type {FormValues} */
	values = { ...EMPTY, ...stored() };
	/** @type {ReturnType<typeof setTimeout> | undefined} */
	timer;
	forgotten = false;

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

	/** @param {Partial<FormValues>} values The values to start from. */
	clear(values = { model: this.values.model }) {
		this.set({ ...EMPTY, fields: {}, refUrls: [], ...values });
	}

	/** Remove the stored values, for all owners: whoever uses this browser next does not see them. */
	forget() {
		this.forgotten = true;
		for (const name of Object.keys(localStorage)) if (name === OWN_KEY || name.startsWith(`${OWN_KEY}@`)) localStorage.removeItem(name);
	}

	save() {
		if (this.forgotten) return;
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
		const found = Object.entries(JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "{}"));
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
