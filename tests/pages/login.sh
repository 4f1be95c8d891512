export EXPORTER_LOGIN="$(printf 'prometheus:%s' "$(cat exporter.password)" | openssl base64 -A)"
