#!/usr/bin/env node
import { main } from './command/main.js';

void main(process.argv.slice(2));
