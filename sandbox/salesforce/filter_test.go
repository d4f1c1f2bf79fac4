package salesforce_test

import "github.com/frontdesk/frontdesk/sandbox/salesforce"

func filterAPI(api string) salesforce.Filter { return salesforce.Filter{API: api} }
