#!/bin/sh
# A job by curl, step by step.
set -eu
base="https://eastus.quantum.azure.com/subscriptions/5a1f8f62-3c1d-4b6a-9e0d-7b3f8c2d1e40/resourceGroups/AzureQuantum/providers/Microsoft.Quantum/workspaces/by-curl"
version="api-version=2026-01-15-preview"
id="0b54e5a4-34a8-4c51-8f5c-0d9ae3a9a3f1"
token=$(curl -sf "https://login.microsoftonline.com/$AZURE_TENANT_ID/oauth2/v2.0/token" \
    -d grant_type=client_credentials -d "client_id=$AZURE_CLIENT_ID" --data-urlencode "client_secret=$AZURE_CLIENT_SECRET" \
    -d scope=https://quantum.microsoft.com/.default | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
call() { curl -sf -H "Authorization: Bearer $token" -H "Content-Type: application/json" "$@"; }

container=$(call "$base/storage/sasUri?$version" -d "{\"containerName\": \"job-$id\"}" | sed 's/.*"sasUri":"\([^"]*\)".*/\1/')
input="${container%%\?*}/inputData"
curl -sf -X PUT "$input?${container#*\?}" -H "x-ms-blob-type: BlockBlob" \
    -d '{"qubits": 1, "circuit": [{"gate": "x", "target": 0}]}'
call -X PUT "$base/jobs/$id?$version" -d "{
    \"id\": \"$id\", \"name\": \"by curl\", \"providerId\": \"ionq\", \"target\": \"ionq.simulator\", \"itemType\": \"Job\",
    \"containerUri\": \"$container\", \"inputDataUri\": \"$input\", \"inputDataFormat\": \"ionq.circuit.v1\",
    \"outputDataFormat\": \"ionq.quantum-results.v1\", \"inputParams\": {\"shots\": 100}}" > /dev/null
while :; do
    job=$(call "$base/jobs/$id?$version")
    case $job in *'"status":"Succeeded"'*) break ;; *'"status":"Failed"'*) exit 1 ;; esac
done
curl -sf "$(printf '%s' "$job" | sed 's/.*"outputDataUri":"\([^"]*\)".*/\1/')"
