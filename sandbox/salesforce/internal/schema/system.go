package schema

// system are the objects of the org itself; they come from its configuration.
func system() []*Object {
	return []*Object{
		object("005", "User", "User", "Users",
			text("Username", "Username", 80).required().lookup(), text("LastName", "Last Name", 80).required(),
			text("FirstName", "First Name", 40), text("Name", "Full Name", 121).readOnly().name(),
			email("Email", "Email").required().lookup(), text("Alias", "Alias", 8),
			flag("IsActive", "Active"), text("UserType", "User Type", 40).readOnly().def("Standard"),
			text("TimeZoneSidKey", "Time Zone", 40).def("GMT"), text("LocaleSidKey", "Locale", 40).def("en_US"),
			text("LanguageLocaleKey", "Language", 40).def("en_US"), text("EmailEncodingKey", "Email Encoding", 40).def("UTF-8"),
		).fixed(),
		object("00D", "Organization", "Organization", "Organizations",
			text("Name", "Name", 80).name(), text("InstanceName", "Instance Name", 5), flag("IsSandbox", "Is Sandbox"),
			text("OrganizationType", "Edition", 40).def("Enterprise Edition"),
			text("NamespacePrefix", "Namespace Prefix", 15), text("TimeZoneSidKey", "Time Zone", 40).def("GMT"),
		).fixed(),
		object("00G", "Group", "Group", "Groups",
			text("Name", "Name", 40).name(), text("DeveloperName", "Developer Name", 80),
			pick("Type", "Type", "Regular", "Queue").restricted(), email("Email", "Email"),
		).fixed(),
		// Who is subscribed to platform events (Object Reference, "EventBusSubscriber"). Position and Tip are left out: nobody
		// reads them, and they would move.
		object("0zX", "EventBusSubscriber", "Event Bus Subscriber", "Event Bus Subscribers",
			text("ExternalId", "External Id", 80), text("Name", "Name", 255).name(),
			pick("Status", "Status", "Running", "Error", "Suspended", "Expired").restricted(),
			text("Topic", "Topic", 255), text("Type", "Type", 80), text("LastError", "Last Error", 1000),
		).fixed(),
	}
}
