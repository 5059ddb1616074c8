// The AI Generate button in the prompt box: enabled, or why not. What follows a click is loaded on demand.

import { byId, on, setText, showAllowed } from "../core/dom.js";
import { lazy } from "../core/lazy.js";
import { FORM } from "../words/form.js";
import { reasonAgainstWriting } from "./form_rules.js";

/** @import { Api } from "../core/api.js" */
/** @import { Circumstances } from "../../types/page.js" */
/** @import { AiView } from "./ai_view.js" */
/** @import { AskView } from "./ask_view.js" */
/** @import { FormState } from "./form_state.js" */
/** @import { Models } from "./models.js" */
/** @import { PromptBox } from "./prompt_box.js" */

const aiView = lazy(() => import("./ai_view.js"));
const askView = lazy(() => import("./ask_view.js"));

export class AiButton {
	element = byId("ai-generate");
	askToggle = byId("ask-toggle");
	/** @type {AiView | null} */
	view = null;
	/** @type {AskView | null} How Grok is asked, created when first opened. */
	asking = null;

	/**
	 * @param {object} parts
	 * @param {Api} parts.api
	 * @param {FormState} parts.state
	 * @param {PromptBox} parts.box
	 * @param {Models} parts.models
	 * @param {() => Circumstances} parts.situation
	 */
	constructor({ api, state, box, models, situation }) {
		this.api = api;
		this.models = models;
		this.state = state;
		this.box = box;
		this.situation = situation;
		on(this.element, "click", () => this.press());
		on(this.askToggle, "click", () => this.ask());
		if (Object.keys(state.get("ask")).length) this.ask(false);
		state.listen("change", () => this.show());
		this.show();
	}

	get reason() {
		return reasonAgainstWriting(this.state.values, this.situation());
	}

	show() {
		// First: hiding the focused button drops the focus at once, and the view moves it on.
		this.view?.show();
		const { reason } = this;
		const inProgress = this.state.get("generate") !== null;
		this.element.hidden = inProgress || this.situation().aiPrompts?.on === false;
		this.askToggle.hidden = this.element.hidden;
		showAllowed(this.element, reason, FORM.aiTitle);
		if (!reason || inProgress) setText(byId("ai-reason"), "");
	}

	/**
	 * Show or hide how Grok is asked.
	 *
	 * @param {boolean} open False: only load it, so that the button says what is chosen.
	 */
	async ask(open = true) {
		const module = await askView();
		if (!module) return;
		const { api, models, state, askToggle: toggle } = this;
		if (!this.asking) {
			this.asking = new module.AskView({ api, models, state, toggle });
			await this.asking.styled;
		}
		if (open) this.asking.toggleOpen();
	}

	async press() {
		if (this.reason) {
			setText(byId("ai-reason"), this.reason);
			return;
		}
		const view = await this.loadView();
		// A second click may have started it meanwhile.
		if (!this.state.get("generate")) view?.generate.start();
	}

	/** Resume what was in progress when the page was closed. */
	async resume() {
		if (this.state.get("generate")) (await this.loadView())?.generate.resume();
	}

	/** Return the view, created when first needed; null if its module could not be loaded, which has been reported. */
	async loadView() {
		const module = await aiView();
		if (module && !this.view) {
			const { api, state, box } = this;
			const view = new module.AiView({ button: this.element, api, state, box });
			this.view = view;
			await view.styled;
			view.show();
		}
		return this.view;
	}
}
