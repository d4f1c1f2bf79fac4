package schema

// leadSources are a new org's, for Lead and Contact; the picklist is not restricted.
func leadSources() *Field {
	return pick("LeadSource", "Lead Source", "Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other")
}

// people are the objects that stand for callers and whom they belong to.
func people() []*Object {
	return []*Object{lead(), contact(), account(), campaign()}
}

func lead() *Object {
	return object("00Q", "Lead", "Lead", "Leads",
		text("LastName", "Last Name", 80).required(),
		text("FirstName", "First Name", 40),
		pick("Salutation", "Salutation", "Mr.", "Ms.", "Mrs.", "Dr.", "Prof."),
		text("Name", "Full Name", 121).readOnly().name(),
		text("Title", "Title", 128),
		text("Company", "Company", 255).required(),
		area("Street", "Street", 255), text("City", "City", 40), text("State", "State/Province", 80),
		text("PostalCode", "Zip/Postal Code", 20), text("Country", "Country", 80),
		phone("Phone", "Phone"), phone("MobilePhone", "Mobile Phone"), email("Email", "Email").lookup(),
		link("Website", "Website"),
		area("Description", "Description", 32000),
		leadSources(),
		pick("Status", "Status", "Open - Not Contacted", "Working - Contacted", "Closed - Converted", "Closed - Not Converted").
			required().def("Open - Not Contacted"),
		pick("Industry", "Industry"), pick("Rating", "Rating", "Hot", "Warm", "Cold"),
		owner("Group", "User"),
		flag("IsConverted", "Converted").readOnly(),
		day("ConvertedDate", "Converted Date").readOnly(),
		ref("ConvertedAccountId", "Converted Account ID", "ConvertedAccount", "Account").readOnly(),
		ref("ConvertedContactId", "Converted Contact ID", "ConvertedContact", "Contact").readOnly(),
		flag("IsUnreadByOwner", "Unread By Owner").def(true),
		day("LastActivityDate", "Last Activity").readOnly(),
		flag("DoNotCall", "Do Not Call"),
	).searchable()
}

func contact() *Object {
	return object("003", "Contact", "Contact", "Contacts",
		ref("AccountId", "Account ID", "Account", "Account"),
		text("LastName", "Last Name", 80).required(),
		text("FirstName", "First Name", 40),
		pick("Salutation", "Salutation", "Mr.", "Ms.", "Mrs.", "Dr.", "Prof."),
		text("Name", "Full Name", 121).readOnly().name(),
		phone("Phone", "Business Phone"), phone("MobilePhone", "Mobile Phone"), phone("HomePhone", "Home Phone"),
		phone("OtherPhone", "Other Phone"), email("Email", "Email").lookup(),
		text("Title", "Title", 128), text("Department", "Department", 80),
		area("MailingStreet", "Mailing Street", 255), text("MailingCity", "Mailing City", 40),
		text("MailingState", "Mailing State/Province", 80), text("MailingPostalCode", "Mailing Zip/Postal Code", 20),
		text("MailingCountry", "Mailing Country", 80),
		area("Description", "Contact Description", 32000),
		leadSources(), day("Birthdate", "Birthdate"),
		owner("User"),
		day("LastActivityDate", "Last Activity").readOnly(),
		flag("DoNotCall", "Do Not Call"),
	).searchable()
}

func account() *Object {
	return object("001", "Account", "Account", "Accounts",
		text("Name", "Account Name", 255).required().name(),
		pick("Type", "Account Type", "Prospect", "Customer - Direct", "Customer - Channel", "Other"),
		ref("ParentId", "Parent Account ID", "Parent", "Account"),
		area("BillingStreet", "Billing Street", 255), text("BillingCity", "Billing City", 40),
		text("BillingState", "Billing State/Province", 80), text("BillingPostalCode", "Billing Zip/Postal Code", 20),
		text("BillingCountry", "Billing Country", 80),
		phone("Phone", "Account Phone"), link("Website", "Website"), pick("Industry", "Industry"),
		text("AccountNumber", "Account Number", 40), area("Description", "Account Description", 32000),
		owner("User"),
		day("LastActivityDate", "Last Activity").readOnly(),
	).searchable()
}

func campaign() *Object {
	return object("701", "Campaign", "Campaign", "Campaigns",
		text("Name", "Name", 80).required().name(),
		pick("Type", "Type", "Conference", "Webinar", "Advertisement", "Telemarketing", "Other"),
		pick("Status", "Status", "Planned", "In Progress", "Completed", "Aborted").def("Planned"),
		day("StartDate", "Start Date"), day("EndDate", "End Date"), flag("IsActive", "Active"),
		area("Description", "Description", 32000),
		owner("User"),
	).searchable()
}
