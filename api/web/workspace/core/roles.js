// Roles: names for certain scopes, from the server.

import { hasSame } from "./access.js";
import { vocabulary } from "./vocabulary.js";

/**
 * Return the role that stands for exactly these scopes, else null.
 *
 * @param {readonly string[]} scopes
 */
export function roleOf(scopes) {
	return vocabulary.roles.find((role) => hasSame(role.scopes, scopes))?.role ?? null;
}
