import hooks from "eslint-plugin-react-hooks";
import { defineConfig, globalIgnores } from "eslint/config";
import typescript from "typescript-eslint";

export default defineConfig([globalIgnores(["src/generated"]), typescript.configs.recommended, hooks.configs.flat.recommended]);
