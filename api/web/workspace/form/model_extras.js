// Beside the chosen model: its variants to switch to, and other models that get the same prompt.

import { button, byId, el, fill, iconButton, on } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { CORE } from "../words/core.js";
import { MODELS } from "../words/models.js";
import { favourites, toggleFavourite } from "./model_memory.js";
import { familyOf } from "./model_search.js";
import { MAX_MODELS } from "./plan.js";
import "./form_styles.js";

/** @import { FormState } from "./form_state.js" */
/** @import { Models } from "./models.js" */

/**
 * @typedef {object} Parts
 * @property {Models} models
 * @property {FormState} state
 * @property {(path: string) => void} take Makes a model the chosen one.
 */

/** @param {Parts} parts */
export function showExtras({ models, state, take }) {
	const path = state.get("model");
	const all = [...models.list.values()];
	const family = familyOf(all, path);
	const place = byId("model-family");
	const text = JSON.stringify([path, family, favourites().includes(path), state.get("alsoOn"), models.list.size, models.asOf]);
	// A press on a chip, and the list of other models while it is open, outlive a change that shows here in nothing.
	if (place.dataset.shows === text) return;
	place.dataset.shows = text;
	const focused = place.contains(document.activeElement);
	const starred = favourites().includes(path);
	const toggle = () => {
		toggleFavourite(path);
		showExtras({ models, state, take });
		/** @type {HTMLElement | null} */ (document.querySelector(":is(#model-family, #also-on) .star"))?.focus();
	};
	const star = button(".icon-button.star", toggle, { "aria-label": MODELS.favourite, "aria-pressed": starred, title: starred ? MODELS.removeFavourites : MODELS.addFavourites }, icon("star"));
	// A model without variants: the star has no line to itself.
	place.hidden = !family.length;
	fill(place, family.length > 0 && star, family.map(({ model, word }) => button(".chip-button", () => take(model.model), { "aria-pressed": model.model === path, "aria-label": MODELS.variant(word), title: model.label }, icon(model.kind === "video" ? "video" : "image"), word)));
	/** @type {HTMLElement | null} */
	const chosen = place.querySelector(".chip-button[aria-pressed=true]");
	if (focused) chosen?.focus();
	showOthers({ models, state, take }, family.length || !models.get(path) ? null : star);
}

/**
 * @param {Parts} parts
 * @param {HTMLElement | null} star
 */
function showOthers({ models, state }, star) {
	const place = byId("also-on");
	const chosen = state.get("alsoOn");
	/** @param {string} path */
	const drop = (path) => state.set({ alsoOn: state.get("alsoOn").filter((one) => one !== path) });
	const chips = chosen.map((path) => el("span.chip-button.is-on", models.get(path)?.label ?? path, iconButton("cross", MODELS.notOn(models.get(path)?.label ?? path), () => drop(path), CORE.remove)));
	const room = chosen.length < MAX_MODELS - 1;
	fill(place, star, chosen.length > 0 && el("span.hint", MODELS.alsoOn), chips, room && adder(models, state));
}

/**
 * Return the choice of another model: those that make the same kind.
 *
 * @param {Models} models
 * @param {FormState} state
 */
function adder(models, state) {
	const { model, alsoOn } = state.values;
	const kind = models.get(model)?.kind;
	const others = [...models.list.values()].filter((one) => one.model !== model && !alsoOn.includes(one.model) && (!kind || one.kind === kind));
	const select = el("select.chip-select", { "aria-label": MODELS.tryAnother, title: MODELS.oneJobEach }, el("option", { value: "" }, MODELS.anotherModel));
	// A thousand options, built once they are looked at.
	const offer = () => {
		if (select.childElementCount === 1) select.append(...others.map((one) => el("option", { value: one.model }, one.label)));
	};
	on(select, "pointerdown", offer);
	on(select, "focus", offer);
	on(select, "change", () => select.value && state.set({ alsoOn: [...state.get("alsoOn"), select.value] }));
	return select;
}
