// Makes a key, and shows it: the only time that anybody sees it.

import { caller, may } from "../core/access.js";
import { asProblem } from "../core/api.js";
import { button, el, fill, on, setText } from "../core/dom.js";
import { capitalized } from "../core/format.js";
import { icon } from "../core/icons.js";
import { copyText } from "../core/notices.js";
import { ADMIN } from "../words/admin.js";
import { COMMON } from "../words/common.js";
import { CORE } from "../words/core.js";
import { SCOPES, expiryIn, roleText, rolesWithin } from "../words/keys.js";
import { clearWrong, onSubmit, showWrong } from "./parts.js";

/** @import { Api } from "../core/api.js" */
/** @import { Session } from "../core/session.js" */
/** @import { CreateKey, CreatedKey, Scope } from "../../types/page.js" */

const CUSTOM = "custom";
const EXPIRIES = [
	["30", ADMIN.in30Days],
	["90", ADMIN.in90Days],
	["365", ADMIN.inYear],
	["", ADMIN.never],
];

export class NewKey {
	name = el("input.input", { id: "key-name", autocomplete: "off", required: true, maxlength: 100, placeholder: ADMIN.keyNameHint, "aria-describedby": "key-wrong" });
	owner = el("select.input", { id: "key-owner" });
	role = el("select.input", { id: "key-role", "aria-describedby": "key-role-text" });
	roleText = el("p.hint", { id: "key-role-text" });
	expiry = el("select.input", { id: "key-expiry" });
	wrong = el("p.wrong", { id: "key-wrong", role: "alert" });
	inputs = { name: this.name, owner: this.owner, role: this.role, expiresAt: this.expiry };

	/**
	 * @param {object} parts
	 * @param {Api} parts.api
	 * @param {Session} parts.session
	 * @param {string[]} parts.owners
	 * @param {string} parts.owner Chosen at first.
	 * @param {() => unknown} parts.onMade
	 * @param {() => void} parts.onDone Removes this.
	 */
	constructor({ api, session, owners, owner, onMade, onDone }) {
		this.api = api;
		this.session = session;
		this.onMade = onMade;
		this.onDone = onDone;
		// Nobody has to sign in here yet. The first key ends that, so it must be one that can make others.
		this.first = caller()?.signInRequired === false;
		fill(this.owner, owners.map((name) => el("option", { value: name, selected: name === owner }, name)));
		const roles = this.first ? ["admin"] : [...rolesWithin(may), CUSTOM];
		fill(this.role, roles.map((role) => el("option", { value: role, selected: role === "member" }, role === CUSTOM ? ADMIN.chooseScopes : capitalized(role))));
		fill(this.expiry, EXPIRIES.map(([days, text]) => el("option", { value: days, selected: days === "90" }, text)));
		this.boxes = /** @type {Scope[]} */ (Object.keys(SCOPES)).map((scope) => el("input", { type: "checkbox", value: scope, checked: scope === "jobs:read", disabled: !may(scope) }));
		this.scopes = el("fieldset.admin-scopes", el("legend.label", ADMIN.scopes), ...this.boxes.map((box) => el("label.admin-choice", box, el("span", el("code", box.value), ` ${SCOPES[/** @type {Scope} */ (box.value)]}`))));
		on(this.role, "change", () => this.showRole());
		this.showRole();
		const make = button("primary", () => {}, ADMIN.createKey);
		make.type = "submit";
		const form = el(
			"form.admin-form",
			el("h3", { id: "new-key-title" }, ADMIN.newKey),
			this.first && el("p.admin-note", icon("info"), el("span", ADMIN.firstKeyNote)),
			field("key-name", ADMIN.name, ADMIN.nameHint, this.name),
			el("div.field-row", field("key-owner", ADMIN.owner, null, this.owner), field("key-role", ADMIN.role, null, this.role), field("key-expiry", ADMIN.expires, null, this.expiry)),
			this.roleText,
			this.scopes,
			this.wrong,
			el("div.dialog-answers", button("", onDone, CORE.cancel), make),
		);
		onSubmit(form, () => this.create());
		this.element = el("section.admin-card", { "aria-labelledby": "new-key-title" }, form);
	}

	focus() {
		this.name.focus();
	}

	showRole() {
		const custom = this.role.value === CUSTOM;
		this.scopes.hidden = !custom;
		setText(this.roleText, custom ? "" : roleText(this.role.value));
		this.roleText.hidden = custom;
	}

	async create() {
		const name = this.name.value.trim();
		const custom = this.role.value === CUSTOM;
		const scopes = this.boxes.filter((box) => box.checked).map((box) => /** @type {Scope} */ (box.value));
		clearWrong(this.wrong, this.inputs);
		setText(this.wrong, !name ? ADMIN.enterName : custom && !scopes.length ? ADMIN.chooseScope : "");
		if (this.wrong.textContent) return;
		const body = { name, owner: this.owner.value, ...(custom ? { scopes } : { role: /** @type {CreateKey["role"]} */ (this.role.value) }), expiresAt: expiryIn(this.expiry.value, Date.now()) };
		try {
			const made = await this.api.post("/api/keys", { body });
			// Before anything else can fail: nobody sees it again.
			this.show(made);
			if (this.first) await this.session.signInWith(made.key);
			this.onMade();
		} catch (thrown) {
			showWrong(this.wrong, asProblem(thrown), this.inputs);
		}
	}

	/**
	 * Show the key, in place of the form.
	 *
	 * @param {CreatedKey} made
	 */
	show({ name, key, warnings }) {
		const text = el("input.input.is-code", { id: "made-key", readonly: true, value: key, "aria-label": ADMIN.theNewKey, "aria-describedby": "made-key-text", spellcheck: "false" });
		on(text, "focus", () => text.select());
		fill(
			this.element,
			el("h3", { id: "new-key-title" }, icon("check"), ADMIN.keyCreated(name)),
			el("p", { id: "made-key-text" }, el("strong", ADMIN.copyNow), ADMIN.keepKeyNote),
			el("div.admin-add", text, button("primary", () => copyText(key, ADMIN.key), icon("copy"), COMMON.copy)),
			el("p.quiet", ADMIN.programsSendIt, el("code", ADMIN.bearer), ADMIN.peopleSignIn),
			...warnings.map((warning) => el("p.admin-note", icon("info"), el("span", warning))),
			el("div.dialog-answers", button("", this.onDone, ADMIN.stored)),
		);
		text.focus();
	}
}

/**
 * @param {string} id
 * @param {string} label
 * @param {string | null} hint
 * @param {HTMLElement} control
 */
function field(id, label, hint, control) {
	return el("div.field", el("label.label", { for: id }, label, hint && el("span.quiet", ` ${hint}`)), control);
}
