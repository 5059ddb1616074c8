// Keeps the list up to date: by one stream, by polling if streams are unavailable, and not at all while hidden or paused.

import { on } from "../core/dom.js";
import { parseExact } from "../core/json.js";
import { readEvents } from "./event_stream.js";

/** @import { Api } from "../core/api.js" */

const POLL_SECONDS = 2;
const RECONNECT_SECONDS = 0.1;
const STREAM_RETRY_SECONDS = 60;
const HIDDEN_SECONDS = 15;
/** How long the list counts as live without a word from the server, whose heartbeats come every 15 s at the latest. */
const SILENCE_SECONDS = 20;
const OPEN_SECONDS = 10;
const MAX_BACKOFF_SECONDS = 10;

/**
 * @typedef {"connecting" | "live" | "polling" | "reconnecting" | "lost" | "paused" | "hidden"} State
 * @typedef {{ since: Date, retryAt: number }} Outage Since when the server is not responding, and when the next attempt follows (milliseconds).
 */

/** The live connection. */
export class Live {
	/** @type {State} */
	state = "connecting";
	paused = false;
	attempts = 0;
	/** @type {Date | null} */
	lostSince = null;
	/** Whether the step was broken off because the server said nothing. */
	silent = false;
	controller = new AbortController();
	wake = () => {};

	/**
	 * @param {Api} api
	 * @param {object} callbacks
	 * @param {() => Promise<void>} callbacks.reread Reads the list; throws if that fails.
	 * @param {(data: any) => unknown} callbacks.onEvent Handles one change.
	 * @param {() => unknown} callbacks.onSituation Called when something has stopped or goes on, and after a gap.
	 * @param {(state: State, outage: Outage | null) => void} callbacks.onState
	 */
	constructor(api, { reread, onEvent, onSituation, onState }) {
		this.api = api;
		this.reread = reread;
		this.onEvent = onEvent;
		this.onSituation = onSituation;
		this.onState = onState;
		on(document, "visibilitychange", () => this.restart());
		on(window, "online", () => this.restart());
	}

	async run() {
		for (;;) {
			this.controller = new AbortController();
			const seconds = await this.step();
			if (seconds > 0) await this.pause(seconds);
		}
	}

	restart() {
		this.controller.abort();
		this.wake();
	}

	/** @param {boolean} paused */
	setPaused(paused) {
		this.paused = paused;
		this.restart();
	}

	/** Run one step of the loop; return the seconds to wait before the next one. */
	async step() {
		if (this.paused) {
			this.setState("paused");
			return 3600;
		}
		if (document.hidden) return this.whileHidden();
		try {
			return await this.stream();
		} catch {
			if (this.silent) return this.reconnect();
			if (this.controller.signal.aborted) return 0;
			return this.lost();
		}
	}

	/** Read the stream to its end, or poll for a while if streams are unavailable; return the seconds to wait. */
	async stream() {
		const { signal } = this.controller;
		const stop = this.listen(OPEN_SECONDS);
		const answer = await this.api.open("GET", "/api/jobs/events", { headers: { Accept: "text/event-stream" }, signal }).finally(stop);
		if (!answer.ok || !answer.body || !answer.headers.get("Content-Type")?.startsWith("text/event-stream")) {
			await answer.body?.cancel();
			return this.poll();
		}
		this.connected("live");
		let heard = this.listen(SILENCE_SECONDS);
		const onData = () => {
			heard();
			heard = this.listen(SILENCE_SECONDS);
		};
		try {
			for await (const event of readEvents(answer.body, onData)) await this.take(event);
		} finally {
			heard();
		}
		return signal.aborted ? 0 : 1;
	}

	/**
	 * Break the step off unless the server says something in time; return what to call when it has.
	 *
	 * @param {number} seconds
	 */
	listen(seconds) {
		const { controller } = this;
		/** @type {ReturnType<typeof setTimeout>} */
		let timer;
		const wait = () => {
			timer = setTimeout(() => {
				// Whoever signs in may take their time.
				if (this.api.asking) return wait();
				this.silent = true;
				controller.abort();
			}, seconds * 1000);
		};
		wait();
		return () => clearTimeout(timer);
	}

	/** Try again at once what the server did not answer; if it is silent then, too, it is lost. */
	reconnect() {
		this.silent = false;
		if (this.state !== "live" && this.state !== "polling") return this.lost();
		this.setState("reconnecting");
		return RECONNECT_SECONDS;
	}

	/** @param {{ type: string | undefined, data: string | undefined }} event */
	async take({ type, data }) {
		if (type === "situation") this.onSituation();
		else if (type === "resync") await this.reread();
		else if (data) await this.onEvent(parseExact(data));
	}

	async poll() {
		const until = Date.now() + STREAM_RETRY_SECONDS * 1000;
		while (Date.now() < until && !this.controller.signal.aborted) {
			await this.reread();
			this.connected("polling");
			await this.pause(POLL_SECONDS);
		}
		return 0;
	}

	/** No stream while the page is hidden; an occasional read keeps the window's title up to date. */
	async whileHidden() {
		this.setState("hidden");
		await this.pause(HIDDEN_SECONDS);
		if (document.hidden && !this.paused) await this.reread().catch(() => {});
		return 0;
	}

	/** @param {State} state */
	connected(state) {
		this.lostSince = null;
		this.attempts = 0;
		if (this.state === state) return;
		// What was told meanwhile was not heard.
		if (this.state !== "connecting") this.onSituation();
		this.setState(state);
	}

	lost() {
		this.lostSince ??= new Date();
		const seconds = Math.min(MAX_BACKOFF_SECONDS, 2 ** this.attempts);
		this.attempts += 1;
		this.setState("lost", { since: this.lostSince, retryAt: Date.now() + seconds * 1000 });
		return seconds;
	}

	/**
	 * @param {State} state
	 * @param {Outage | null} outage
	 */
	setState(state, outage = null) {
		this.state = state;
		this.onState(state, outage);
	}

	/**
	 * Wait, unless woken earlier.
	 *
	 * @param {number} seconds
	 * @returns {Promise<void>}
	 */
	pause(seconds) {
		return new Promise((resolve) => {
			const timer = setTimeout(resolve, seconds * 1000);
			this.wake = () => {
				clearTimeout(timer);
				resolve();
			};
		});
	}
}
