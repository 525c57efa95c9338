/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a client can make its session keep in QEMU's memory, and its limits.
 *
 * What is kept is charged before it is allocated and refunded when it is freed,
 * also by what a reset leaves behind.  A reset does not change the budget.
 * Context: the session's event loop, which is why nothing here is atomic.
 */
#ifndef HW_9PFS_9P_BUDGET_H
#define HW_9PFS_9P_BUDGET_H

#define P9_BUDGET_PIECE 16384   /* what is left of a request that is cut */

typedef enum P9BudgetItem {
    P9_BUDGET_LOCK_OWNERS,      /* P9LockOwner: how many */
    P9_BUDGET_LOCK_BYTES,       /* … and their bytes */
    P9_BUDGET_PAYLOAD,          /* bytes of payload that is copied */
    P9_BUDGET_PIECES,           /* … of requests that are cut for that */
    P9_BUDGET_ITEMS,
} P9BudgetItem;

typedef struct P9Budget {
    size_t used[P9_BUDGET_ITEMS];
} P9Budget;

/** p9_budget_charge: false, and nothing is charged, if it is too much. */
bool p9_budget_charge(P9Budget *budget, P9BudgetItem item, size_t amount);
/** p9_budget_refund: give back what was charged. */
void p9_budget_refund(P9Budget *budget, P9BudgetItem item, size_t amount);

#endif
