// The known models: the list to choose from, and the inputs of each that was chosen.

import { Emitter } from "../core/emitter.js";

/** @import { Api, Problem } from "../core/api.js" */
/** @import { Model, ModelInput } from "../../types/page.js" */

const RETRY_SECONDS = 3;
const MAX_RETRY_SECONDS = 600;

/**
 * WaveSpeed's models if its list is available, else the presets. Emits `change` when either is updated.
 *
 * @extends {Emitter<{ change: null }>}
 */
export class Models extends Emitter {
	/** @type {Map<string, Model>} */
	list = new Map();
	/** @type {Map<string, ModelInput[]>} */
	inputs = new Map();
	/** @type {string | null | undefined} */
	asOf;

	/** @param {Api} api */
	constructor(api) {
		super();
		this.api = api;
	}

	/** @param {string} path */
	get(path) {
		return this.list.get(path);
	}

	/**
	 * Return whether there is a list without this model: the form warns about it but allows it.
	 *
	 * @param {string} path
	 */
	isUnlisted(path) {
		return this.list.size > 0 && !this.list.has(path);
	}

	/**
	 * Return a model's inputs; null while they are loading, empty for an unknown model.
	 *
	 * @param {string} path
	 */
	fieldsOf(path) {
		return this.inputs.get(path) ?? (this.list.has(path) || !this.list.size ? null : []);
	}

	/** Load the list, and retry with backoff until it is WaveSpeed's own; without an API key it never is. */
	async read(seconds = RETRY_SECONDS) {
		const found = await this.api.get("/api/models").catch(() => null);
		if (found) {
			if (found.asOf !== this.asOf) this.inputs.clear();
			this.asOf = found.asOf;
			this.list = new Map(found.items.map((model) => [model.model, model]));
			this.emit("change", null);
		}
		if (found?.source === "wavespeed") return;
		setTimeout(() => this.read(found ? Math.min(seconds * 2, MAX_RETRY_SECONDS) : RETRY_SECONDS), seconds * 1000);
	}

	/** @param {string} path */
	async describe(path) {
		if (!this.list.has(path) || this.inputs.has(path)) return;
		try {
			const { fields } = await this.api.get("/api/models/{model}", { params: { model: path } });
			this.inputs.set(path, fields);
		} catch (problem) {
			if (/** @type {Problem} */ (problem).status !== 404) {
				// Failed: the change event triggers a retry.
				setTimeout(() => this.emit("change", null), RETRY_SECONDS * 1000);
				return;
			}
			this.inputs.set(path, []);
		}
		this.emit("change", null);
	}
}
