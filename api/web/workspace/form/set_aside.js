// The bar that brings back what was in the form before it was filled from elsewhere.

import { button, byId, el, fill, iconButton } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { CORE } from "../words/core.js";
import { MAKING } from "../words/making.js";
import "./form_styles.js";

/** @import { Form } from "./form.js" */

/** @param {Form} form */
export function showSetAside(form) {
	const place = byId("set-aside");
	if (place.childElementCount) return;
	const back = () => {
		form.state.bringBack();
		form.showSituation();
		byId("prompt").focus();
	};
	fill(
		place,
		icon("undo"),
		el("span.grow", MAKING.setAside),
		button(".link-button", back, MAKING.bringBack),
		iconButton("cross", MAKING.dismissDraft, () => form.state.set({ setAside: null }), CORE.dismiss),
	);
}
