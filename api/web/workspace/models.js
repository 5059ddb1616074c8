// What is known of models: the list to choose from, and the inputs of the chosen one.

const MOST_SECONDS = 600;

// WaveSpeed's models where its list can be read, else the presets. Event `change` when more is known.
export class Models extends EventTarget {
	constructor(api) {
		super();
		this.api = api;
		this.list = new Map();
		this.whole = new Map();
	}

	get(path) {
		return this.list.get(path);
	}

	// Return a model's inputs; null while they are being read, empty for a model that is not known.
	fieldsOf(path) {
		return this.whole.get(path)?.fields ?? (this.list.has(path) || !this.list.size ? null : []);
	}

	// Again while WaveSpeed's own list may still come, ever more rarely: without a key it never does.
	async read(seconds = 3) {
		const found = await this.api.get("/api/models").catch(() => null);
		if (found) {
			if (found.asOf !== this.asOf) this.whole.clear();
			this.asOf = found.asOf;
			this.list = new Map(found.items.map((model) => [model.model, model]));
			this.dispatchEvent(new Event("change"));
		}
		if (found?.source !== "wavespeed") setTimeout(() => this.read(found ? Math.min(seconds * 2, MOST_SECONDS) : 3), seconds * 1000);
	}

	async describe(path) {
		if (!this.list.has(path) || this.whole.has(path)) return;
		const found = await this.api.get(`/api/models/${path}`).catch((problem) => problem.status === 404 && { fields: [] });
		// Not heard: the change asks again.
		if (!found) return setTimeout(() => this.dispatchEvent(new Event("change")), 3000);
		this.whole.set(path, found);
		this.dispatchEvent(new Event("change"));
	}
}
