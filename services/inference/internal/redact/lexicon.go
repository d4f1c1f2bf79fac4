package redact

// commonWord are words that begin sentences or follow an introduction without being a name.
var commonWord = set(`a an the and or but so if then than because while although that this these those there here it its it's he she they we you i me my mine your our ours their his her him them us who whom whose which what when where why how
is are was were be been being am do does did done have has had having will would can could shall should may might must let let's get got gotten go going gone come came take took make made know knew think thought say said tell told ask asked
want wanted need needed like liked love look looking looked looks call called calling calls speak speaking talk talking help helping try trying tried see saw seen hear heard give gave put set use used work works working wait hold keep start stop
yes yeah yep no nope not okay ok sure right well oh um uh hmm please thanks thank sorry hello hi hey goodbye bye good great perfect fine excellent wonderful awesome absolutely certainly definitely of course alright welcome
in on at to for from with without about into over under after before between during against of off up down out again once just only also too very really quite some any all both each few more most other another such same own own one two three four five six seven eight nine ten
first second third last next new old big small long short high low early late today tomorrow yesterday now soon later monday tuesday wednesday thursday friday saturday sunday january february march april june july august september october november december
morning afternoon evening night day days week weeks month months year years hour hours minute minutes time times order orders number numbers account address phone email mail card name names question questions problem issue appointment demo price pricing
interested trying having wondering reaching returning following happy glad afraid certain available ready done back still already never always maybe probably actually currently recently looking sir ma'am madam everyone everybody someone somebody nobody
customer service support sales team office company business store shop desk front reception billing tech technical department manager agent representative receptionist assistant virtual automated
el la los las un una unos unas y o pero si no que como cuando donde por para con sin sobre entre hasta desde de del al a en es son era fue soy eres somos esta estan estoy estamos ser estar hay tengo tiene tienen quiero quiere quisiera necesito necesita puedo puede
me te se le lo les nos mi mis su sus tu tus yo el ella ellos usted ustedes nosotros este esta esto ese esa eso aquel muy mas menos bien mal ya todavia ahora hoy manana ayer tarde noche dias dia semana mes ano hora gracias favor hola buenos buenas adios claro perfecto bueno vale
numero pedido cita llamar llamando llamo hablar ayuda ayudar problema pregunta cliente nueva nuevo gusto tambien solo aqui alli cual cuanto quien porque entonces luego despues antes`)

// notAName follows "this is" and its kin, or is capitalised, without being a person's name.
var notAName = set(`acme globex initech google amazon microsoft apple twilio salesforce frontdesk visa mastercard paypal english spanish american mexican christmas easter internet wifi wi-fi usa uk us america united states york california texas florida
going gonna gotta regarding concerning regards respect kind urgent important crazy ridiculous correct wrong true false interesting broken missing late locked unable able new existing current former previous member patient client user owner tenant
mister missus dr doctor mr mrs ms miss senor senora senorita don dona jefe broke stuck tired upset frustrated curious confused worried pleased excited free busy home away driving sick allergic pregnant retired diabetic moving selling buying
ceo cfo cto ok llc inc corp co ltd group dental health clinic bank insurance plumbing electric software hardware cloud enterprise premium basic standard pro starter plan plans`)

// givenNames are common given names in English and Spanish, folded: a capitalised one is a name though nobody
// introduces it.
var givenNames = set(`james robert john michael david william richard joseph thomas christopher charles daniel matthew anthony mark donald steven andrew paul joshua kenneth kevin brian timothy ronald george jason edward jeffrey ryan jacob nicholas gary eric jonathan
stephen larry justin scott brandon benjamin samuel gregory alexander patrick jack dennis jerry tyler aaron henry douglas peter adam zachary nathan walter kyle harold carl jeremy gerald keith roger arthur terry lawrence sean christian albert austin jesse bryan
ralph eugene russell bobby mason philip louis wayne alan juan noah ethan liam oliver elijah lucas logan owen isaac caleb connor hunter dylan evan gabriel julian isaiah omar hassan ahmed mohammed muhammad ali ibrahim yusuf raj ravi amit vikram arjun wei chen hiroshi kenji
mary patricia jennifer linda elizabeth barbara susan jessica sarah karen lisa nancy betty sandra margaret ashley kimberly emily donna michelle carol amanda melissa deborah stephanie rebecca laura sharon cynthia dorothy amy kathleen angela shirley emma brenda pamela
nicole anna samantha katherine christine helen debra rachel carolyn janet maria catherine heather diane olivia julie joyce victoria ruth virginia lauren kelly christina joan evelyn judith andrea hannah megan cheryl jacqueline martha madison teresa gloria sara janice
ann kathryn abigail sophia frances jean alice judy isabella julia grace denise amber beverly danielle marilyn charlotte natalie theresa diana brittany doris kayla alexis lori ava mia chloe zoe lily ella priya anjali fatima aisha amara ngozi chidi kofi yuki mei ling
jose luis carlos jorge miguel pedro francisco antonio manuel alejandro rafael fernando ricardo eduardo sergio roberto javier alberto raul enrique arturo mario pablo diego andres oscar hector ruben victor ivan hugo gustavo ramon guillermo salvador ernesto felipe gerardo
martin marcos esteban ignacio joaquin santiago mateo sebastian nicolas emilio rodrigo cesar alfredo adrian angel jesus tomas gonzalo alvaro agustin ana carmen rosa lucia elena isabel patricia guadalupe veronica alejandra leticia gabriela silvia claudia adriana
beatriz monica yolanda alicia irma marta margarita juana josefina lourdes graciela dolores pilar mercedes consuelo esperanza raquel susana sofia valentina camila mariana daniela paola lorena marisol rocio ines irene julieta natalia fernanda ximena renata miriam esther
tom tim jim bob rob mike dave steve chris matt dan joe nick alex sam ben jon greg jeff ken ron don ed fred frank tony andy pete phil ray jay kate katie beth liz sue jen jenny kim pam deb debbie becky cathy kathy cindy mandy nina tina tanya vanessa erin erica holly robin dana`)

// ambiguousName are given names that are words as well: they count only where somebody introduces them.
var ambiguousName = set(`mark will bill grace faith hope joy rose may june april august summer virginia dolores angel jesus mercedes consuelo esperanza pilar rocio amber lily robin holly carol ruth frank rob sue pat ray jay don ed art guy drew chase grant
pilar luz paz sol dana kelly jack jean gene van dean chad brad rich earl duke miles dale glen max tony christian jordan austin madison charlotte florence sydney paris brooklyn dallas san santa`)
