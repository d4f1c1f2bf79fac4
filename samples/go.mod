module github.com/frontdesk/frontdesk/samples

go 1.26.0
