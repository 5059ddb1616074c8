// How Grok is asked: style, length, language, number of variants. What is chosen is part of the form.

import { button, byId, el, fill, on, setAttribute, setText } from "../core/dom.js";
import { capitalized } from "../core/format.js";
import { icon } from "../core/icons.js";
import { ASK, STYLES } from "../words/partner.js";
import { aiStyles } from "./ai_styles.js";
import { lastCost } from "./question_cost.js";
import { StyleBook } from "./style_book.js";
import { StyleEditor } from "./style_editor.js";

/** @import { Api } from "../core/api.js" */
/** @import { FormValues, PromptStyle } from "../../types/page.js" */
/** @import { FormState } from "./form_state.js" */
/** @import { Models } from "./models.js" */

const MOST_VARIANTS = 6;
const NEGATIVE = "negative_prompt";

export class AskView {
	styled = aiStyles;
	place = byId("ask");
	chips = el("div.chips", { role: "group", "aria-label": ASK.style });
	tools = el("div.chips.ask-tools");
	editing = el("div");
	negative = el("p.hint", ASK.negative);
	price = el("p.hint");
	length = el("select.input", { id: "ask-length" }, el("option", { value: "" }, ASK.anyStyle), ...Object.entries(ASK.lengths).map(([value, word]) => el("option", { value }, word)));
	language = el("input.input", { id: "ask-language", maxlength: "40", placeholder: ASK.languageHint, spellcheck: "false" });
	variants = el("select.input", { id: "ask-variants" }, ...Array.from({ length: MOST_VARIANTS }, (_, at) => el("option", { value: String(at + 1) }, String(at + 1))));

	/**
	 * @param {object} parts
	 * @param {Api} parts.api
	 * @param {Models} parts.models
	 * @param {FormState} parts.state
	 * @param {HTMLElement} parts.toggle The button that opens it.
	 */
	constructor({ api, models, state, toggle }) {
		this.models = models;
		this.state = state;
		this.toggle = toggle;
		this.book = new StyleBook(api, () => this.showStyles());
		for (const [name, control] of /** @type {const} */ ([["length", this.length], ["language", this.language], ["variants", this.variants]])) {
			on(control, "input", () => this.choose({ [name]: name === "variants" && control.value === "1" ? "" : control.value.trim() }));
		}
		setAttribute(this.place, "aria-label", ASK.title);
		fill(
			this.place,
			this.chips,
			this.tools,
			this.editing,
			el("div.field-row", labelled(ASK.variants, this.variants), labelled(ASK.length, this.length), labelled(ASK.language, this.language)),
			this.negative,
			this.price,
		);
		state.listen("change", () => this.show());
		this.show();
	}

	toggleOpen() {
		this.place.hidden = !this.place.hidden;
		setAttribute(this.toggle, "aria-expanded", !this.place.hidden);
		if (this.place.hidden) return;
		this.book.load();
		this.show();
	}

	/** @param {FormValues["ask"]} chosen An empty value removes it. */
	choose(chosen) {
		const all = Object.entries({ ...this.state.get("ask"), ...chosen }).filter(([, value]) => value);
		this.state.set({ ask: Object.fromEntries(all) });
	}

	show() {
		const { style = "", length = "", language = "", variants = "" } = this.state.get("ask");
		const said = length === "short" || length === "medium" || length === "long" ? ASK.lengths[length] : "";
		const summary = ASK.summary({ style, language, length: said, variants: Number(variants) || 1 });
		setText(this.toggle, summary || ASK.toggle);
		setAttribute(this.toggle, "aria-label", summary ? `${ASK.toggle}: ${summary}` : null);
		if (this.place.hidden) return;
		for (const [control, value] of /** @type {const} */ ([[this.length, length], [this.variants, variants || "1"]])) if (control.value !== value) control.value = value;
		if (document.activeElement !== this.language && this.language.value !== language) this.language.value = language;
		this.negative.hidden = !(this.models.fieldsOf(this.state.get("model").trim()) ?? []).some(({ name }) => name === NEGATIVE);
		setText(this.price, ASK.price(lastCost()));
		if (this.shownStyle !== style) this.showStyles();
	}

	/** Show the styles as chips, and what can be done with the chosen one. */
	showStyles() {
		const { style = "" } = this.state.get("ask");
		this.shownStyle = style;
		const focused = this.chips.contains(document.activeElement) ? document.activeElement?.getAttribute("data-style") : null;
		fill(this.chips, this.chip("", ASK.anyStyle), ...this.book.offered(style).map((one) => this.chip(one.name, one.own ? one.name : capitalized(one.name), one)));
		if (typeof focused === "string") [...this.chips.querySelectorAll("button")].find(({ dataset }) => dataset.style === focused)?.focus();
		const own = this.book.own(style);
		fill(
			this.tools,
			this.book.problem && el("span.hint", { role: "status" }, this.book.problem),
			button(".link-button", () => this.edit(null), icon("plus"), STYLES.add),
			own && button(".link-button", () => this.edit(own), icon("pen"), STYLES.edit),
			own && button(".link-button", () => this.remove(own), icon("bin"), STYLES.remove),
		);
	}

	/**
	 * @param {string} name
	 * @param {string} label
	 * @param {PromptStyle} [style]
	 */
	chip(name, label, style) {
		const likes = style?.models.reduce((sum, { kept }) => sum + kept, 0) ?? 0;
		const title = [style?.wording, style && STYLES.fared(style.models)].filter(Boolean).join("\n");
		return button(
			".chip-button",
			() => this.choose({ style: name }),
			{ "data-style": name, "aria-pressed": (this.state.get("ask").style ?? "") === name, title: title || null },
			label,
			likes > 0 && el("span.ask-likes", { "aria-label": STYLES.likes(likes) }, icon("heart"), likes),
		);
	}

	/** @param {PromptStyle | null} style None: a new one. */
	edit(style) {
		const close = () => {
			fill(this.editing);
			this.tools.querySelector("button")?.focus();
		};
		const editor = new StyleEditor({
			style,
			save: async (name, wording) => {
				if (!(await this.book.save(name, wording))) return;
				this.choose({ style: name });
				close();
			},
			close,
		});
		fill(this.editing, editor.element);
		editor.focus();
	}

	/** @param {PromptStyle} style */
	async remove(style) {
		if (!(await this.book.remove(style.name))) return;
		this.choose({ style: "" });
		this.tools.querySelector("button")?.focus();
	}
}

/**
 * @param {string} label
 * @param {HTMLElement} control
 */
function labelled(label, control) {
	return el("div.field", el("label.label", { for: control.id }, label), control);
}
