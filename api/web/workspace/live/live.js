// Keeps the list up to date: by one stream, by polling if streams are unavailable, and not at all while hidden or paused.

import { on } from "../core/dom.js";
import { readEvents } from "./event_stream.js";

/** @import { Api } from "../core/api.js" */

const POLL_SECONDS = 2;
const STREAM_RETRY_SECONDS = 60;
const HIDDEN_SECONDS = 15;
const SILENCE_TIMEOUT_SECONDS = 45;
const MAX_BACKOFF_SECONDS = 10;

/**
 * @typedef {"connecting" | "live" | "polling" | "lost" | "paused" | "hidden"} State
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
	controller = new AbortController();
	wake = () => {};

	/**
	 * @param {Api} api
	 * @param {object} callbacks
	 * @param {() => Promise<void>} callbacks.reread Reads the list; throws if that fails.
	 * @param {(data: any) => unknown} callbacks.onEvent Handles one change.
	 * @param {(state: State, outage: Outage | null) => void} callbacks.onState
	 */
	constructor(api, { reread, onEvent, onState }) {
		this.api = api;
		this.reread = reread;
		this.onEvent = onEvent;
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
			if (this.controller.signal.aborted) return 0;
			return this.lost();
		}
	}

	/** Read the stream to its end, or poll for a while if streams are unavailable; return the seconds to wait. */
	async stream() {
		const { signal } = this.controller;
		const answer = await this.api.open("GET", "/api/jobs/events", { headers: { Accept: "text/event-stream" }, signal });
		if (!answer.ok || !answer.body || !answer.headers.get("Content-Type")?.startsWith("text/event-stream")) {
			await answer.body?.cancel();
			return this.poll();
		}
		this.connected("live");
		/** @type {ReturnType<typeof setTimeout> | undefined} */
		let silenceTimer;
		const resetTimer = () => {
			clearTimeout(silenceTimer);
			silenceTimer = setTimeout(() => this.controller.abort(), SILENCE_TIMEOUT_SECONDS * 1000);
		};
		resetTimer();
		try {
			for await (const event of readEvents(answer.body, resetTimer)) await this.take(event);
		} finally {
			clearTimeout(silenceTimer);
		}
		return signal.aborted ? 0 : 1;
	}

	/** @param {{ type: string | undefined, data: string | undefined }} event */
	async take({ type, data }) {
		if (type === "resync") await this.reread();
		else if (data) await this.onEvent(JSON.parse(data));
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
		if (this.state !== state) this.setState(state);
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
