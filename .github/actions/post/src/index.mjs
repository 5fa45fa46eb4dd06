// The runner starts this file twice: at the action's place in the job, and at the job's end.
import * as core from "@actions/core";
import { end } from "./end.mjs";
import { prepare } from "./prepare.mjs";
import { readState } from "./state.mjs";

const state = readState();
(state ? end(state) : prepare()).catch((error) => core.setFailed(error.message));
