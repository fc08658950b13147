#!/bin/sh
echo "lint: nothing yet"
