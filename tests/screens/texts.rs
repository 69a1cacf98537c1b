//! What programs write in the fixture: a failing test, and the diff that mends it.

/// What vitest says about the failing case.
pub(crate) const OUTPUT: &str = "\
 FAIL  src/services/CaseService.test.ts > CaseService > closes overdue cases
AssertionError: expected 3 to be 2 // Object.is equality

- Expected
+ Received

- 2
+ 3

 ❯ src/services/CaseService.test.ts:48:31
     46|     service.tick(new Date('2026-11-20'));
     47|
     48|     expect(service.open().length).toBe(2);
       |                                   ^
     49|   });

 Test Files  1 failed | 11 passed (12)
      Tests  1 failed | 86 passed (87)";

/// What the agent changed.
pub(crate) const DIFF: &str = "\
diff --git a/src/services/CaseService.ts b/src/services/CaseService.ts
index 3b18e51..9f2c1aa 100644
--- a/src/services/CaseService.ts
+++ b/src/services/CaseService.ts
@@ -31,11 +31,14 @@ export class CaseService {
   tick(now: Date): void {
     for (const entry of this.cases.values()) {
       if (entry.state !== 'open') continue;
-      if (entry.due < now.toISOString()) {
+      if (new Date(entry.due).getTime() < now.getTime()) {
         this.close(entry, 'overdue');
       }
     }
   }
 
-  open(): Case[] { return [...this.cases.values()].filter((entry) => entry.state === 'open'); }
+  /** Returns the cases that are still open, oldest first. */
+  open(): Case[] {
+    return [...this.cases.values()].filter((entry) => entry.state === 'open');
+  }
 }
diff --git a/src/services/dates.ts b/src/services/dates.ts
new file mode 100644
index 0000000..e69de29
--- /dev/null
+++ b/src/services/dates.ts
@@ -0,0 +1,3 @@
+export function isBefore(a: Date, b: Date): boolean {
+  return a.getTime() < b.getTime();
+}
";
