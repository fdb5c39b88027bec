/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which methods a report's runs tried.  A cell of the matrix is a pair of NATs, so how many cells
 * there are says nothing of the methods that each of them had.
 */
#ifndef KNOTHOLE_TRIED_H
#define KNOTHOLE_TRIED_H

/*
 * In each of the runs in report.json in @directory that passed, every method whose word begins with
 * @prefix ("" = every method that there is) must have been tried, by one attempt in each family
 * that the two have in common, and no other method; there must be @runs such runs.  Fails the cmocka
 * test where that is not so.
 */
void assert_every_method_tried(const char *directory, const char *prefix, int runs);

#endif
