/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stun_login.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int stun_login_init(struct stun_login *login, const char *username, const char *password)
{
	if (strlen(username) >= STUN_LOGIN_TEXT || strlen(password) >= STUN_LOGIN_TEXT)
		return -EINVAL;
	*login = (struct stun_login){ 0 };
	snprintf(login->username, sizeof(login->username), "%s", username);
	snprintf(login->password, sizeof(login->password), "%s", password);
	return 0;
}

/* A text attribute, which may hold no NUL and must fit. */
static bool get_text(const struct stun_message *msg, uint16_t type, char *ret, size_t size)
{
	struct stun_value v;

	if (!stun_find(msg, type, &v) || v.len >= size || memchr(v.bytes, '\0', v.len))
		return false;
	memcpy(ret, v.bytes, v.len);
	ret[v.len] = '\0';
	return true;
}

/* 0 with the list and the algorithm that @nonce leads to. */
static int learn_algorithms(struct stun_login *login, const struct stun_message *msg)
{
	struct stun_value nonce, list;
	uint32_t features = 0;

	if (stun_find(msg, STUN_NONCE, &nonce))
		features = stun_nonce_features(&nonce);
	login->userhash = features & STUN_FEATURE_USERHASH;
	login->algorithm = STUN_MD5;
	login->list_len = 0;
	if (!(features & STUN_FEATURE_ALGORITHMS))
		return 0;
	if (!stun_find(msg, STUN_PASSWORD_ALGORITHMS, &list) || list.len > sizeof(login->list))
		return -EPROTO;
	login->algorithm = stun_choose_algorithm(&list);
	memcpy(login->list, list.bytes, list.len);
	login->list_len = list.len;
	return login->algorithm ? 0 : -EPROTO;
}

int stun_login_learn(struct stun_login *login, const struct stun_message *msg, unsigned code)
{
	struct stun_login learnt = *login;
	int err;

	if (code == 401 && login->challenged)
		return -EACCES;
	if (!get_text(msg, STUN_REALM, learnt.realm, sizeof(learnt.realm)) ||
	    !get_text(msg, STUN_NONCE, learnt.nonce, sizeof(learnt.nonce)))
		return -EPROTO;
	err = learn_algorithms(&learnt, msg);
	if (err)
		return err;
	learnt.key_len = stun_long_term_key(learnt.algorithm, learnt.username, learnt.realm,
					    learnt.password, learnt.key);
	learnt.challenged = true;
	*login = learnt;
	return 0;
}

void stun_login_add(const struct stun_login *login, struct stun_writer *w)
{
	uint8_t hash[STUN_HMAC_SHA256];

	if (!login->challenged)
		return;
	stun_userhash(login->username, login->realm, hash);
	if (login->userhash)
		stun_add(w, STUN_USERHASH, hash, sizeof(hash));
	else
		stun_add_text(w, STUN_USERNAME, login->username);
	stun_add_text(w, STUN_REALM, login->realm);
	stun_add_text(w, STUN_NONCE, login->nonce);
	if (login->list_len) {
		stun_add(w, STUN_PASSWORD_ALGORITHMS, login->list, login->list_len);
		stun_add_algorithm(w, login->algorithm);
	}
	stun_add_either_integrity(w, login->list_len, login->key, login->key_len);
}

bool stun_login_ok(const struct stun_login *login, const struct stun_message *msg)
{
	return !login->challenged || stun_either_integrity_ok(msg, login->key, login->key_len);
}
