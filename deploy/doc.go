// Package deploy is what Frontdesk is deployed with. Its code is tests only: they hold docker-compose.yml and the Dockerfiles by
// the models of those who wrote Compose and BuildKit, build what the images hold by the lines of the Dockerfiles, and run the whole
// of docker-compose.yml without Docker. It is a module of its own so that none of that gets into the product's.
package deploy
