// The dialog with all templates: to use one, to save the form as one, to rename, delete, export and import them.

import { may } from "../core/access.js";
import { asProblem, Problem } from "../core/api.js";
import { confirm } from "../core/dialogs.js";
import { button, el, fill, on, setText } from "../core/dom.js";
import { parseExact } from "../core/json.js";
import { menuOf } from "../core/menu.js";
import { notify, raiseNotices, reportProblem } from "../core/notices.js";
import { fillForm, formNow } from "../form/fill.js";
import { valuesOf } from "../form/reuse.js";
import { TAGS } from "../words/collections.js";
import { deleteTitle, filledText, importedText, leftOut, moreLabel, TEMPLATES, useLabel } from "../words/templates.js";
import { ask } from "./ask.js";
import { saveTemplate } from "./save_template.js";

/** @import { Job, Template, TemplatePage } from "../../types/page.js" */

const CHARACTERS = 100;
const WORD_CHARACTERS = 10000;
const SHOWN = 200;
const SEARCH_DEBOUNCE_MS = 200;
/** What the form has no field for. */
const NOT_IN_FORM = ["generateTimeoutSeconds", "callbackUrl"];

/** @type {Templates | null} */
let shown = null;

export function showTemplates() {
	shown ??= new Templates();
	return shown.open();
}

class Templates {
	/** @type {ReturnType<typeof setTimeout> | undefined} */
	searching;
	reads = 0;
	search = el("input.input", { type: "search", "aria-label": TEMPLATES.search, placeholder: TEMPLATES.search, autocomplete: "off" });
	list = el("ul.template-list");
	empty = el("p.quiet", { role: "status" });
	file = el("input", { type: "file", accept: "application/json,.json", hidden: true, "aria-label": TEMPLATES.import });

	constructor() {
		on(this.search, "input", () => {
			clearTimeout(this.searching);
			this.searching = setTimeout(() => this.read(), SEARCH_DEBOUNCE_MS);
		});
		on(this.file, "change", () => this.import());
		const write = may("jobs:write");
		this.dialog = el(
			"dialog.dialog.templates.has-notices",
			{ "aria-labelledby": "templates-title" },
			el("h2", { id: "templates-title" }, TEMPLATES.title),
			this.search,
			this.list,
			this.empty,
			this.file,
			el(
				"div.dialog-answers",
				write && button("", () => this.save(), TEMPLATES.saveForm),
				el("span.grow"),
				button("is-plain", () => this.export(), TEMPLATES.export),
				write && button("is-plain", () => this.file.click(), TEMPLATES.import),
				button("", () => this.close(), TEMPLATES.close),
			),
		);
		on(this.dialog, "close", raiseNotices);
		document.body.append(this.dialog);
	}

	async open() {
		if (this.dialog.open) return;
		this.search.value = "";
		this.reveal();
		this.search.focus();
		await this.read();
	}

	reveal() {
		this.dialog.showModal();
		raiseNotices();
	}

	close() {
		this.dialog.close();
	}

	get api() {
		return /** @type {NonNullable<ReturnType<typeof formNow>>} */ (formNow()).api;
	}

	async read() {
		const latest = ++this.reads;
		const q = this.search.value.trim();
		const query = new URLSearchParams({ limit: String(SHOWN), ...(q && { q }) });
		try {
			/** @type {TemplatePage} */
			const { items } = await this.api.get("/api/templates", { query });
			if (latest !== this.reads) return;
			fill(this.list, items.map((template) => this.item(template)));
			setText(this.empty, items.length ? "" : q ? TEMPLATES.noneFound : TEMPLATES.none);
		} catch (thrown) {
			reportProblem(TEMPLATES.notLoaded, asProblem(thrown));
		}
	}

	/** @param {Template} template */
	item(template) {
		const { name, model, words } = template;
		const use = button(
			".template-use",
			() => this.use(template),
			{ "aria-label": useLabel(name) },
			el("strong", name),
			el("span.quiet", model),
			words.length > 0 && el("span.template-words", ...words.map((word) => el("code", word))),
		);
		const more = may("jobs:write") && menuOf(moreLabel(name), button("is-small", () => this.rename(template), TEMPLATES.rename), button("is-small", () => this.delete(template), TEMPLATES.delete));
		return el("li.template", use, more);
	}

	/**
	 * Fill the form from a template; its words are asked for first.
	 *
	 * @param {Template} template
	 */
	async use({ name, templateId, words }) {
		const params = { template_id: templateId };
		/** @param {Record<string, string>} given */
		const act = async (given) => {
			const body = await this.api.post("/api/templates/{template_id}/fill", { params, body: { words: given } });
			await this.fill(name, body);
		};
		if (words.length) {
			const fields = words.map((word) => ({ name: word, label: word, maxlength: WORD_CHARACTERS }));
			await ask({ title: name, fields, answers: [{ label: TEMPLATES.fillYes, act }], dismiss: TAGS.cancel });
			return;
		}
		await act({}).catch((thrown) => reportProblem(TEMPLATES.notFilled, asProblem(thrown)));
	}

	/**
	 * @param {string} name
	 * @param {any} body Of a job to create.
	 */
	async fill(name, body) {
		const models = formNow()?.models;
		if (!models) return;
		await models.describe(body.model);
		/** @type {any} */
		const job = { prompt: null, originalPrompt: null, instructions: null, targetUrl: null, refUrls: [], input: {}, metadata: {}, priority: 5, ...body };
		this.close();
		const changes = {
			...valuesOf(/** @type {Job} */ (job), models),
			writer: /** @type {"grok" | "me"} */ (body.useAiPrompt ? "grok" : "me"),
			operation: body.operation ?? "",
			onPromptFailure: body.onPromptFailure ?? "fail",
			deadlineSeconds: String(body.deadlineSeconds ?? ""),
			allowUnknown: body.allowUnknownModel ? body.model : "",
			alsoOn: [],
			runs: 1,
			promptJob: null,
			parent: null,
		};
		fillForm(filledText(name), () => changes, true);
		const lost = NOT_IN_FORM.filter((field) => field in body);
		if (lost.length) notify(leftOut(lost), { tone: "attention" });
	}

	async save() {
		const values = formNow()?.values;
		if (values && (await saveTemplate(values))) await this.read();
	}

	/** @param {Template} template */
	async rename({ name, templateId }) {
		const params = { template_id: templateId };
		/** @param {Record<string, string>} given */
		const act = async (given) => {
			const { body, version } = await this.api.get("/api/templates/{template_id}", { params });
			await this.api.put("/api/templates/{template_id}", { params, body: { name: given.name, body: /** @type {any} */ (body), version } });
		};
		const fields = [{ name: "name", label: TEMPLATES.name, value: name, maxlength: CHARACTERS }];
		if (await ask({ title: TEMPLATES.renameTitle, fields, answers: [{ label: TEMPLATES.renameYes, act }], dismiss: TAGS.cancel })) await this.read();
	}

	/** @param {Template} template */
	async delete({ name, templateId }) {
		if (!(await this.confirm(deleteTitle(name), TEMPLATES.deleteNote, TEMPLATES.deleteYes))) return;
		try {
			await this.api.delete("/api/templates/{template_id}", { params: { template_id: templateId } });
		} catch (thrown) {
			reportProblem(TEMPLATES.notDeleted, asProblem(thrown));
		}
		await this.read();
		this.search.focus();
	}

	async export() {
		const answer = await this.api.open("GET", "/api/templates/export", {}).catch(asProblem);
		if (answer instanceof Problem || !answer.ok) return reportProblem(TEMPLATES.notExported, answer instanceof Problem ? answer : new Problem(answer.status, {}));
		const url = URL.createObjectURL(await answer.blob());
		el("a", { href: url, download: TEMPLATES.exportName }).click();
		URL.revokeObjectURL(url);
	}

	async import() {
		const [file] = this.file.files ?? [];
		this.file.value = "";
		if (!file) return;
		/** @type {any} */
		let body;
		try {
			body = parseExact(await file.text());
		} catch {
			return notify(TEMPLATES.notTemplates, { tone: "bad" });
		}
		/** @param {URLSearchParams} [query] */
		const send = async (query) => {
			const { stored } = await this.api.post("/api/templates/import", { query, body });
			notify(importedText(stored));
		};
		try {
			await send();
		} catch (thrown) {
			const problem = asProblem(thrown);
			if (problem.code !== "name_taken") return reportProblem(TEMPLATES.notImported, problem);
			if (!(await this.confirm(TEMPLATES.replaceTitle, problem.errors.map(({ pointer }) => nameAt(body, pointer)).join(", "), TEMPLATES.replaceYes))) return;
			await send(new URLSearchParams({ replace: "true" })).catch((again) => reportProblem(TEMPLATES.notImported, asProblem(again)));
		}
		await this.read();
	}

	/**
	 * Ask for confirmation in place of the list: there is one question at a time.
	 *
	 * @param {string} title
	 * @param {string} text
	 * @param {string} yes
	 */
	async confirm(title, text, yes) {
		this.close();
		const answer = await confirm(title, [text], yes);
		this.reveal();
		return answer;
	}
}

/**
 * Return the name of the template that an error points to.
 *
 * @param {any} body
 * @param {string} pointer
 */
function nameAt(body, pointer) {
	const place = Number(/^\/templates\/(\d+)\/name$/.exec(pointer)?.[1] ?? 0);
	return String(body.templates?.[place]?.name ?? body.templates?.[0]?.name ?? "");
}
