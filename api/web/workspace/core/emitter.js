// An event emitter with a typed detail for each event.

/** @template {object} Events Detail types by event name. */
export class Emitter {
	target = new EventTarget();

	/**
	 * @template {keyof Events & string} Name
	 * @param {Name} name
	 * @param {(detail: Events[Name]) => unknown} listener
	 */
	listen(name, listener) {
		this.target.addEventListener(name, (event) => listener(/** @type {CustomEvent<Events[Name]>} */ (event).detail));
	}

	/**
	 * @template {keyof Events & string} Name
	 * @param {Name} name
	 * @param {Events[Name]} detail
	 */
	emit(name, detail) {
		this.target.dispatchEvent(new CustomEvent(name, { detail }));
	}
}
