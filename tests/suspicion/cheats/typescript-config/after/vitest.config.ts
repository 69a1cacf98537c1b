export default { test: { exclude: ["src/cart.test.ts"] } };
