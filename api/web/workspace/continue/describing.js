// "Describe": Grok writes the prompt that would make a picture, an output or the form's target.

import { reasonWithout } from "../core/access.js";
import { button, byId, el, part, showAllowed } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { announce, notify, reportProblem } from "../core/notices.js";
import { formNow } from "../form/fill.js";
import { askedFor } from "../form/form_bodies.js";
import { DESCRIBE } from "../words/partner.js";
import { pictureAddress } from "./picture.js";

/** @import { Children, Job, Output } from "../../types/page.js" */
/** @import { FormState } from "../form/form_state.js" */

/** Grok sees no others; what is uploaded becomes one of these. */
const SEEN = /\.(?:png|jpe?g)$/i;

/**
 * Return the button of an output; null if that is no picture.
 *
 * @param {Job} job
 * @param {number} index
 */
export function describeButton(job, index) {
	const output = job.outputs[index];
	if (output?.kind !== "image" || job.eraseRequestedAt) return null;
	return describing("is-small", DESCRIBE.says, () => addressFor(output), icon("sparkle"), DESCRIBE.label);
}

/**
 * Give the form's target image its button.
 *
 * @param {FormState} state
 */
export function offerTarget(state) {
	const made = describing(".icon-button", DESCRIBE.target, async () => state.get("targetUrl").trim(), icon("sparkle"));
	made.setAttribute("aria-label", DESCRIBE.target);
	part(byId("target"), ".picture-line").append(el("span.needs-grok", made));
	const show = () => {
		made.hidden = !state.get("targetUrl").trim();
	};
	state.listen("change", ({ names }) => names.has("targetUrl") && show());
	show();
}

/**
 * @param {string} look
 * @param {string} says
 * @param {() => Promise<string>} address
 * @param {Children} children
 */
function describing(look, says, address, ...children) {
	const refusal = reasonWithout("jobs:write");
	const made = button(look, () => (refusal ? announce(refusal) : describe(address)), { "data-way": "describe" }, ...children);
	showAllowed(made, refusal, says);
	return made;
}

/** @param {() => Promise<string>} address */
async function describe(address) {
	const form = formNow();
	if (!form) return;
	const { ai, show, values } = form;
	const { aiPrompts, drain } = ai.situation();
	const why = aiPrompts?.on === false || drain?.on ? DESCRIBE.off : values.generate ? DESCRIBE.busy : null;
	if (why) {
		notify(why, { tone: "attention" });
		return;
	}
	try {
		const targetUrl = await address();
		const view = await ai.loadView();
		// A second click may have asked meanwhile.
		if (!view || values.generate) return;
		view.generate.start({ ...askedFor(values), operation: "describe", targetUrl });
		show(true);
		announce(DESCRIBE.begun);
	} catch (problem) {
		reportProblem(DESCRIBE.failed, problem);
	}
}

/**
 * Return where Grok can see an output: a picture of another kind is uploaded from its stored copy.
 *
 * @param {Output} output
 */
async function addressFor(output) {
	const { api } = /** @type {NonNullable<ReturnType<typeof formNow>>} */ (formNow());
	const seen = output.url && SEEN.test(new URL(output.url).pathname);
	return pictureAddress(api, seen || !output.stored?.url ? output : { ...output, url: null });
}
