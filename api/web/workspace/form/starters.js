// Ideas for an empty form: each fills it, and costs nothing.

import { button, byId, fill } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { IDEAS } from "../words/starters.js";
import "./form_styles.js";

/** @import { FormValues } from "../../types/page.js" */
/** @import { FormState } from "./form_state.js" */
/** @import { Models } from "./models.js" */

/** @typedef {{ name: string, prompt: string, models: readonly string[] }} Starter What it shows, and the models that suit it, the best first. */

const IMAGES = ["bytedance/seedream-v4", "wavespeed-ai/flux-dev"];
const VIDEOS = ["alibaba/wan-2.6/text-to-video", "bytedance/seedance-2.5/text-to-video"];

/** @type {readonly Starter[]} */
const STARTERS = [
	{ name: IDEAS.portrait, prompt: IDEAS.portraitPrompt, models: IMAGES },
	{ name: IDEAS.landscape, prompt: IDEAS.landscapePrompt, models: IMAGES },
	{ name: IDEAS.productShot, prompt: IDEAS.productPrompt, models: IMAGES },
	{ name: IDEAS.illustration, prompt: IDEAS.illustrationPrompt, models: IMAGES },
	{ name: IDEAS.shortVideo, prompt: IDEAS.videoPrompt, models: VIDEOS },
];

/**
 * Show the ideas while there is nothing in the form.
 *
 * @param {FormState} state
 * @param {Models} models
 */
export function showStarters(state, models) {
	const place = byId("starters");
	place.hidden = !isEmpty(state.values);
	if (place.hidden || place.childElementCount) return;
	fill(place, STARTERS.map((starter) => button(".chip-button", () => start(starter, state, models), icon(starter.models === VIDEOS ? "video" : "image"), starter.name)));
}

/**
 * @param {Starter} starter
 * @param {FormState} state
 * @param {Models} models
 */
function start({ prompt, models: fitting }, state, models) {
	const model = fitting.find((path) => models.get(path)) ?? state.get("model");
	state.set({ prompt, ...(model === state.get("model") ? {} : { model, fields: {} }) });
	byId("prompt").focus();
}

/** @param {FormValues} values */
export function isEmpty({ prompt, instructions, targetUrl, refUrls }) {
	return ![prompt, instructions, targetUrl, ...refUrls].some((text) => text.trim());
}
