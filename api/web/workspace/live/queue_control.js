// Pauses: of one's own queue, and for operators of a provider; with a banner while nothing of one's own is submitted.

import { actorText } from "../words/audit.js";
import { caller, may, reasonWithout } from "../core/access.js";
import { asProblem } from "../core/api.js";
import { button, byId, el, fill, on, part, setAttribute, setText, showAllowed } from "../core/dom.js";
import { momentOf } from "../core/format.js";
import { icon } from "../core/icons.js";
import { notify } from "../core/notices.js";
import { addStyles } from "../core/styles.js";
import { PROVIDERS, QUEUE } from "../words/queue_control.js";

/** @import { Api } from "../core/api.js" */
/** @import { ProviderState, QueueState } from "../../types/page.js" */

export class QueueControl {
	menu = byId("queue-menu");
	opener = byId("queue");
	banners = el("div", { id: "queue-banners" });
	own = el("div.queue-part");
	providers = el("div.queue-part", { hidden: true });
	/** @type {QueueState | null} */
	state = null;
	shown = "";

	/**
	 * @param {object} parts
	 * @param {Api} parts.api
	 * @param {() => unknown} parts.onChange Called once something was paused or resumed here.
	 * @param {() => unknown} parts.onPause Called whenever the queue is no longer paused, or running, as it was.
	 */
	constructor({ api, onChange, onPause }) {
		this.api = api;
		this.onChange = onChange;
		this.onPause = onPause;
		this.styled = addStyles("queue.css");
		fill(this.menu, this.own, this.providers);
		byId("banners").before(this.banners);
		on(this.menu, "toggle", () => this.menu.matches(":popover-open") && this.showProviders());
	}

	/** @param {QueueState | null | undefined} state As the installation's report has it; null while it is not known. */
	show(state) {
		const wanted = JSON.stringify([state, caller()]);
		if (wanted === this.shown) return;
		this.shown = wanted;
		const before = this.state;
		if (before && state && (before.queuePausedAt !== state.queuePausedAt || before.pausedAt !== state.pausedAt)) this.onPause();
		this.state = state ?? null;
		this.opener.hidden = !state || !may("jobs:read");
		const paused = Boolean(state?.queuePausedAt || state?.pausedAt);
		setAttribute(this.opener, "data-on", paused);
		setAttribute(this.opener, "aria-label", paused ? QUEUE.menuPaused : QUEUE.menuOf);
		setAttribute(this.opener, "title", QUEUE.title);
		setText(part(this.opener, "span"), paused ? QUEUE.namePaused : QUEUE.name);
		if (!state) return;
		this.showOwn(state);
		const focused = this.banners.contains(document.activeElement);
		fill(this.banners, ownBanner(state, () => this.resume()), adminBanner(state));
		if (focused) (this.banners.querySelector("button") ?? this.opener).focus();
	}

	/** @param {QueueState} state */
	showOwn(state) {
		const paused = Boolean(state.queuePausedAt);
		const focused = this.own.contains(document.activeElement);
		const act = paused ? this.changer("is-small.primary", () => this.resume(), QUEUE.resume) : this.changer("is-small", () => this.pause(), QUEUE.pause);
		fill(this.own, el("p", el("strong", QUEUE.yours)), el("p.quiet", paused ? `${whoPaused(state)} ${QUEUE.stays(momentOf(state.queuePausedAt ?? ""))}` : QUEUE.running), act);
		if (focused) act.focus();
	}

	/**
	 * @param {string} look
	 * @param {() => unknown} act
	 * @param {string} text
	 */
	changer(look, act, text) {
		const refusal = reasonWithout("jobs:write");
		const made = button(look, () => refusal || act(), text);
		showAllowed(made, refusal);
		return made;
	}

	async pause() {
		await this.change(() => this.api.put("/api/queue/pause"), QUEUE.paused);
	}

	async resume() {
		await this.change(() => this.api.delete("/api/queue/pause"), QUEUE.resumed);
	}

	/**
	 * @param {() => Promise<QueueState>} send
	 * @param {string} done
	 */
	async change(send, done) {
		try {
			this.show(await send());
		} catch (thrown) {
			notify(asProblem(thrown).sentence, { tone: "bad" });
			return;
		}
		notify(done);
		this.onChange();
	}

	async showProviders() {
		this.providers.hidden = !may("operate");
		if (this.providers.hidden) return;
		if (!this.providers.children.length) fill(this.providers, el("p.quiet", PROVIDERS.loading));
		try {
			const { items } = await this.api.get("/api/providers");
			// What is being typed stays.
			if (!this.providers.contains(document.activeElement)) fill(this.providers, el("p", el("strong", PROVIDERS.heading)), ...items.map((one) => this.providerOf(one)));
		} catch (thrown) {
			fill(this.providers, el("p.wrong", { role: "alert" }, asProblem(thrown).sentence));
		}
	}

	/**
	 * @param {ProviderState} state
	 * @returns {HTMLElement}
	 */
	providerOf({ provider, paused, reason, by, since }) {
		const name = PROVIDERS.names[provider] ?? provider;
		const wrong = el("p.wrong", { role: "alert" });
		const why = el("input.input", { "aria-label": PROVIDERS.reasonOf(name), placeholder: PROVIDERS.reason, maxlength: 500, autocomplete: "off" });
		const place = el("form.queue-provider");
		const act = el("button.button.is-small", paused ? PROVIDERS.resume(name) : PROVIDERS.pause(name));
		const text = paused ? PROVIDERS.paused((reason ?? "").replace(/\.$/, ""), by ? actorText(by) : PROVIDERS.somebody, since ? momentOf(since) : "") : PROVIDERS.runs;
		fill(place, el("p", el("strong", name), ` ${text}`), !paused && why, act, wrong);
		let busy = false;
		on(place, "submit", async (event) => {
			event.preventDefault();
			if (busy) return;
			if (!paused && !why.value.trim()) {
				fill(wrong, PROVIDERS.needsReason);
				why.focus();
				return;
			}
			busy = true;
			try {
				const params = { provider };
				const now = await (paused ? this.api.delete("/api/providers/{provider}/pause", { params }) : this.api.put("/api/providers/{provider}/pause", { params, body: { reason: why.value } }));
				const next = this.providerOf(now);
				place.replaceWith(next);
				next.querySelector("button")?.focus();
				notify(now.paused ? PROVIDERS.nowPaused(name) : PROVIDERS.nowResumed(name));
				this.onChange();
			} catch (thrown) {
				fill(wrong, asProblem(thrown).sentence);
			} finally {
				busy = false;
			}
		});
		return place;
	}
}

/** @param {QueueState} state */
function whoPaused({ queuePausedBy }) {
	return queuePausedBy && queuePausedBy === caller()?.actor ? QUEUE.pausedByYou : QUEUE.pausedBy(queuePausedBy ? actorText(queuePausedBy) : PROVIDERS.somebody);
}

/**
 * @param {QueueState} state
 * @param {() => unknown} resume
 */
function ownBanner(state, resume) {
	if (!state.queuePausedAt) return null;
	const act = may("jobs:write") && button("is-small", resume, QUEUE.resume);
	return el("div.banner", { "data-tone": "attention", role: "status" }, icon("pause"), el("p", el("strong", whoPaused(state)), ` ${QUEUE.stays(momentOf(state.queuePausedAt))}`), act);
}

/** @param {QueueState} state */
function adminBanner({ pausedAt, pausedBy, pausedReason }) {
	if (!pausedAt) return null;
	const reason = (pausedReason ?? "").replace(/[.!?]?$/, (end) => end || ".");
	return el("div.banner", { "data-tone": "attention", role: "status" }, icon("warning"), el("p", el("strong", QUEUE.pausedByAdmin), ` ${QUEUE.adminStays(reason, pausedBy ? actorText(pausedBy) : PROVIDERS.somebody, momentOf(pausedAt))}`));
}
