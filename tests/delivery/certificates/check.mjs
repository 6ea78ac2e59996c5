// Holds a Certificate on standard input to cert-manager's schema; throws where it does not fit.
// Run from the folder that the package is installed in.
import { text } from "node:stream/consumers";
import { Certificate } from "@kubernetes-models/cert-manager/cert-manager.io/v1";

new Certificate(JSON.parse(await text(process.stdin))).validate();
