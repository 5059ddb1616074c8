// What WaveSpeed would ask for what the form says, before it is queued.

import { byId, on, setText } from "./dom.js";
import { priceBody } from "./form_rules.js";

const PAUSE_MS = 400;

export class Price {
	constructor({ api, state, models }) {
		Object.assign(this, { api, state, models });
		this.place = byId("price");
		on(state, "change", () => this.soon());
		on(models, "change", () => this.soon());
	}

	soon() {
		clearTimeout(this.timer);
		this.timer = setTimeout(() => this.ask(), PAUSE_MS);
	}

	// Ask anew where the question has changed; an answer that comes too late is passed over.
	async ask() {
		const { values } = this.state;
		const body = priceBody(values, this.models);
		const asked = JSON.stringify([body, values.writer]);
		if (asked === this.asked) return;
		this.asked = asked;
		// The last price was another question's.
		this.place.style.visibility = "hidden";
		const quote = body && (await this.api.post("/api/models/price", body).catch(() => null));
		if (asked !== this.asked) return;
		// Not heard: the next change asks again.
		if (!quote) this.asked = null;
		this.show(quote);
	}

	show(quote) {
		this.place.hidden = !quote;
		this.place.style.visibility = "";
		this.place.dataset.tone = quote?.floor ? "attention" : "quiet";
		setText(this.place, quote && `${quote.text}${this.state.get("writer") === "grok" ? " Grok’s tokens come on top." : ""}`);
	}
}
