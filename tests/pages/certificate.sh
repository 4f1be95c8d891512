openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
    -subj /CN=exporter.example -addext subjectAltName=DNS:exporter.example \
    -keyout exporter.key -out exporter.crt
