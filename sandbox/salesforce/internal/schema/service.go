package schema

// service are the objects of support and of what was done: Case and Task.
func service() []*Object { return []*Object{caseObject(), task()} }

func caseObject() *Object {
	return object("500", "Case", "Case", "Cases",
		text("CaseNumber", "Case Number", 30).autoNumbered().name().lookup(),
		ref("ContactId", "Contact ID", "Contact", "Contact"),
		ref("AccountId", "Account ID", "Account", "Account"),
		ref("ParentId", "Parent Case ID", "Parent", "Case"),
		text("SuppliedName", "Name", 80), email("SuppliedEmail", "Email Address"),
		text("SuppliedPhone", "Phone", 40), text("SuppliedCompany", "Company", 80),
		pick("Type", "Case Type", "Mechanical", "Electrical", "Electronic", "Structural", "Other"),
		pick("Status", "Status", "New", "Working", "Escalated", "Closed").required().def("New"),
		pick("Reason", "Case Reason", "Installation", "Equipment Complexity", "Performance", "Breakdown", "Other"),
		pick("Origin", "Case Origin", "Phone", "Email", "Web"),
		text("Subject", "Subject", 255),
		pick("Priority", "Priority", "High", "Medium", "Low").def("Medium"),
		area("Description", "Description", 32000),
		flag("IsClosed", "Closed").readOnly(), clock("ClosedDate", "Closed Date").readOnly(),
		flag("IsEscalated", "Escalated"),
		owner("Group", "User"),
		phone("ContactPhone", "Contact Phone").readOnly(), email("ContactEmail", "Contact Email").readOnly(),
	).searchable()
}

// task: custom fields of Task live on Activity and show here.
func task() *Object {
	return object("00T", "Task", "Task", "Tasks",
		ref("WhoId", "Name ID", "Who", "Contact", "Lead"),
		ref("WhatId", "Related To ID", "What", "Account", "Campaign", "Case"),
		text("Subject", "Subject", 255).combobox().name(),
		day("ActivityDate", "Due Date Only"),
		pick("Status", "Status", "Not Started", "In Progress", "Completed", "Waiting on someone else", "Deferred").
			required().def("Not Started"),
		pick("Priority", "Priority", "High", "Normal", "Low").required().def("Normal"),
		flag("IsHighPriority", "High Priority").readOnly(),
		owner("Group", "User"),
		area("Description", "Description", 32000),
		flag("IsClosed", "Closed").readOnly(), clock("CompletedDateTime", "Completed Date").readOnly(),
		ref("AccountId", "Account ID", "Account", "Account").readOnly(),
		flag("IsArchived", "Archived").readOnly(),
		whole("CallDurationInSeconds", "Call Duration"),
		pick("CallType", "Call Type", "Internal", "Inbound", "Outbound"),
		text("CallDisposition", "Call Result", 255), text("CallObject", "Call Object Identifier", 255),
		clock("ReminderDateTime", "Reminder Date/Time"), flag("IsReminderSet", "Reminder Set"),
		pick("TaskSubtype", "Task Subtype", "Task", "Email", "ListEmail", "Cadence", "Call", "LinkedIn").
			restricted().createOnly().def("Task"),
	)
}
