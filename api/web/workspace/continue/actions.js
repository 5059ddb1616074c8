// The buttons that go on from an output. Each fills the form, with an undo; nothing is queued by itself.

import { reasonWithout } from "../core/access.js";
import { button, el, showAllowed } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { announce, notify, reportProblem } from "../core/notices.js";
import { fillForm, formNow } from "../form/fill.js";
import { CONTINUE } from "../words/continue.js";
import { lastModel } from "./choices.js";
import { describeButton } from "./describing.js";
import { pictureAddress } from "./picture.js";
import { changesFor, modelFor, needsPicture, waysOn } from "./plans.js";

/** @import { Job, Relation } from "../../types/page.js" */
/** @import { Way } from "./plans.js" */

/**
 * Return the buttons.
 *
 * @param {Job} job
 * @param {number} index Of the output.
 * @returns {HTMLElement}
 */
export function continueActions(job, index) {
	const ways = waysOn(job, job.outputs[index]);
	return el("div.continue", { role: "group", "aria-label": CONTINUE.continue, hidden: !ways.length }, ...ways.map((way) => wayButton(way, () => goOn(way.relation, job, index))), describeButton(job, index));
}

/**
 * @param {Way} way
 * @param {() => unknown} go
 */
export function wayButton({ relation, label, shape, says }, go) {
	const refusal = () => reasonWithout("jobs:write");
	const made = button("is-small", () => (refusal() ? announce(refusal() ?? "") : go()), { "data-way": relation }, icon(shape), label);
	showAllowed(made, refusal(), says);
	return made;
}

/**
 * Fill the form to go this way from an output.
 *
 * @param {Relation} relation
 * @param {Job} job
 * @param {number} index
 */
export async function goOn(relation, job, index) {
	const form = formNow();
	if (!form) return;
	const { api, models, values } = form;
	const model = needsPicture(relation) ? chosenModel(relation, job) : null;
	if (needsPicture(relation) && !model) {
		notify(CONTINUE.noModel, { tone: "attention" });
		return;
	}
	try {
		const url = needsPicture(relation) ? await pictureAddress(api, job.outputs[index]) : null;
		fillForm(textOf(relation, model === values.model ? null : model), (now) => changesFor({ relation, job, index, url, model }, now, models), true);
	} catch (problem) {
		reportProblem(CONTINUE.noPicture, problem);
	}
}

/**
 * @param {Relation} relation
 * @param {Job} job
 */
function chosenModel(relation, job) {
	const { models, values } = /** @type {NonNullable<ReturnType<typeof formNow>>} */ (formNow());
	const present = models.get(values.model);
	// A reference goes to whatever is being made, if that takes one.
	if (relation === "reference" && present?.picturesField) return present.model;
	return modelFor(models.list.values(), relation === "reference" ? "edit" : relation, job.model, [lastModel(relation), present?.model]);
}

/**
 * @param {Relation} relation
 * @param {string | null} model One that the form did not have before.
 */
function textOf(relation, model) {
	const texts = { edit: CONTINUE.sayWhatChange, animate: CONTINUE.sayWhatMoves, upscale: CONTINUE.readyToUpscale, reference: CONTINUE.added, variation: CONTINUE.sameAgain, retry: CONTINUE.hasAll };
	return model ? CONTINUE.model(texts[relation], model) : texts[relation];
}
